// The configuration as it is in force: every value and where it comes from. It is changed in the
// file, not here; secrets are not shown.

import { get } from "./api.js";
import { el } from "./dom.js";
import { inert } from "./text.js";

const SOURCES = { file: ["running", "file"], argument: ["unsure", "argument"], environment: ["unsure", "environment"] };

/** The page. */
export function settingsPage() {
  return { root: new Settings().root, title: "Settings", leave() {} };
}

class Settings {
  constructor() {
    this.words = el("input", { type: "search", autocomplete: "off", spellcheck: "false", placeholder: "approvals.timeout", on: { input: () => this.draw() } });
    this.set = el("input", { type: "checkbox", on: { change: () => this.draw() } });
    this.file = el("p.muted");
    this.list = el("div.settings", {}, el("p.loading", {}, "Reading the configuration…"));
    this.root = el("div.approval-page", {},
      el("section", { "aria-labelledby": "settings-title" },
        el("h1", { id: "settings-title" }, "Settings"),
        el("p.muted", {}, "What this gateway was started with. To change a value: ", el("code", {}, "countersign config set KEY VALUE"), "."),
        this.file,
        el("form.settings-filter", { on: { submit: (event) => event.preventDefault() } },
          el("label", {}, el("span", {}, "Find a key"), this.words),
          el("label.check", {}, this.set, el("span", {}, "Only what is not a default"))),
        this.list));
    this.load();
  }

  async load() {
    try {
      const { file, data } = await get("/v1/settings");
      this.all = data;
      this.file.replaceChildren("File: ", el("span.mono", {}, inert(file)));
      this.draw();
    } catch (problem) {
      this.list.replaceChildren(el("p.problem", { role: "status" }, `The configuration could not be read. ${problem.message}`));
    }
  }

  draw() {
    if (!this.all) return;
    const wanted = this.words.value.trim().toLowerCase();
    const shown = this.all.filter(({ key, source }) => key.toLowerCase().includes(wanted) && !(this.set.checked && source === "default"));
    const sections = new Map();
    for (const setting of shown) {
      const name = setting.key.includes(".") ? setting.key.split(".")[0] : "environment";
      sections.set(name, [...(sections.get(name) ?? []), setting]);
    }
    const nodes = [...sections].map(([name, settings]) => el("section", { "aria-label": name }, el("h2.mono", {}, name), el("dl.setting-list", {}, settings.map(settingNode))));
    this.list.replaceChildren(...(nodes.length ? nodes : [el("p.muted", {}, "No key fits.")]));
  }
}

function settingNode({ key, value, secret, set, source, place }) {
  const [tone, word] = SOURCES[source] ?? [null, source];
  return el("div", { "data-setting": key },
    el("dt.mono", {}, inert(key)),
    el("dd", {}, secret ? el("span.muted", {}, set ? "set, not shown" : "not set") : shown(value)),
    el("dd.setting-source", {}, tone ? el(`span.pill.tone-${tone}`, {}, word) : el("span.muted", {}, word), place ? el("span.muted", {}, " ", inert(place)) : null));
}

function shown(value) {
  if (value === null) return el("span.muted", {}, "not set");
  if (Array.isArray(value) && !value.length) return el("span.muted", {}, "none");
  if (typeof value === "object" && !Object.keys(value).length) return el("span.muted", {}, "none");
  if (value === "") return el("span.muted", {}, "empty");
  const isPlain = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (isPlain) return el("code.setting-value", {}, inert(value.join("\n")));
  const text = typeof value === "string" ? value : JSON.stringify(value, null, typeof value === "object" ? 2 : 0);
  return el("code.setting-value", {}, inert(text));
}
