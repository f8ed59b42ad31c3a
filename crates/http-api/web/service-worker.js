// What the browser keeps of the page to install it and to answer to its notifications. It keeps no
// data: it has no cache, and no request passes through it.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = event.notification.data?.path;
  event.waitUntil(show(typeof path === "string" && path.startsWith("/") ? path : "/"));
});

async function show(path) {
  const [open] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!open) return self.clients.openWindow(path);
  await open.focus();
  return open.postMessage({ open: path });
}
