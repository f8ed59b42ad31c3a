// Applies the stored theme before the first paint. A classic script, so that nothing flashes.
"use strict";
(() => {
  let stored = null;
  try {
    stored = localStorage.getItem("countersign.theme");
  } catch {
    // Storage may be switched off; the system's theme is used then.
  }
  if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
})();
