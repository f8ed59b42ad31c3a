// Text from machines and strangers, made inert: shown exactly, nothing in it takes effect, nothing
// in it is invisible. Findings point into it by UTF-8 byte offsets and become marks.

import { el } from "./dom.js";

const SEVERITIES = ["low", "medium", "high", "critical"];

// Everything that shows as nothing, looks like a blank, or steers: controls but tab and newline,
// format and private characters, lone surrogates, separators but the plain space.
const HIDDEN = String.raw`(?![\t\n ])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]`;
// Strokes and frames around letters fake markup.
const FAKED = String.raw`[\u0334-\u0338\u0488\u0489\u20d2\u20d3\u20d8-\u20da\u20dd-\u20e0\u20e2-\u20e6\u20ea\u20eb]`;
const BLANKS = String.raw`[ \t]{24,}`;
const EMPTY_LINES = String.raw`(?:[ \t]*\n){6,}`;
const RIGHT_TO_LEFT = String.raw`[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]+`;
const STACKED_MARKS = String.raw`\p{M}{4,}`;
const WORD = String.raw`[\p{L}\p{N}_]+`;
// Signs taken for those that a shell reads, where ASCII stands beside them.
const TWIN = String.raw`(?<=[\w/.$\- ])[\u01c3\u037e\u2024\u2044\u2215\u2223\u29f8\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff5e](?=[\w/.$\- ])`;
const TOKEN = new RegExp(
  `(?<hidden>${HIDDEN}|${FAKED})|(?<blanks>${BLANKS})|(?<lines>${EMPTY_LINES})|(?<rtl>${RIGHT_TO_LEFT})` +
    `|(?<marks>${STACKED_MARKS})|(?<twin>${TWIN})|(?<word>${WORD})`,
  "gu",
);
const FOREIGN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}]/u;
const FOREIGN_TWINS = /^[асеорхуіјѕһԁԛԝӏАВЕКМНОРСТХҮЅІЈορνικυαΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]+$/u;
const STYLED_LATIN = /[\uff01-\uff5e\u{1d400}-\u{1d7ff}\u2100-\u214f\u1d00-\u1d7f]/u;

/** How severe the worst of `findings` is, or `null`. */
export function worstSeverity(findings) {
  const ranks = findings.map((finding) => SEVERITIES.indexOf(finding.severity));
  return SEVERITIES[Math.max(-1, ...ranks)] ?? null;
}

/** A character's visible escape, as `⟨U+202E⟩`. */
export function escapeOf(character) {
  return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** `text` as inert nodes. What was made visible is noted in `notes`, when given. */
export function inert(text, notes = newNotes()) {
  const fragment = document.createDocumentFragment();
  let shownTo = 0;
  for (const match of text.matchAll(TOKEN)) {
    const node = tokenNode(match, notes);
    if (node === null) continue;
    fragment.append(text.slice(shownTo, match.index), node);
    shownTo = match.index + match[0].length;
  }
  fragment.append(text.slice(shownTo));
  return fragment;
}

/** `text` as inert nodes, with the spans of `findings` as numbered marks (1 is the first). */
export function inertWithSpans(text, findings, notes) {
  const places = charPlaces(text, findings.flatMap((finding) => finding.span));
  const spans = findings.map((finding, index) => ({
    number: index + 1,
    severity: finding.severity,
    start: places.get(finding.span[0]),
    end: places.get(finding.span[1]),
  })).filter((span) => span.start < span.end);
  const cuts = [...new Set([0, text.length, ...spans.flatMap((span) => [span.start, span.end])])];
  cuts.sort((a, b) => a - b);
  const fragment = document.createDocumentFragment();
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const piece = inert(text.slice(cuts[i], cuts[i + 1]), notes);
    const over = spans.filter((span) => span.start <= cuts[i] && span.end >= cuts[i + 1]);
    fragment.append(over.length ? markOf(piece, over, cuts[i + 1]) : piece);
  }
  return fragment;
}

/** The part of `text` that `span` points at. */
export function textOfSpan(text, [start, end]) {
  const places = charPlaces(text, [start, end]);
  return text.slice(places.get(start), places.get(end));
}

/** The beginning of `text` in one line, inert; a cut is marked by `…`. */
export function oneLine(text, limit) {
  const line = text.trim().replace(/\s+/gu, " ");
  const characters = [...line];
  return inert(characters.length > limit ? `${characters.slice(0, limit).join("")}…` : line);
}

/** `text` made inert, as plain text for a name or a description. */
export const plain = (text) => inert(text).textContent;

/** An empty record of what had to be made visible. */
export function newNotes() {
  return { hidden: false, lookalikes: new Set() };
}

function tokenNode(match, notes) {
  const { hidden, blanks, lines, rtl, marks, twin, word } = match.groups;
  if (hidden) return escapeNode(hidden, notes);
  if (blanks) return el("span.escape", {}, `⟨${blanks.length} blanks⟩`);
  if (lines) return collapsedLines(lines);
  if (rtl) return el("bdi", {}, rtl);
  if (marks) return stackedMarks(marks, notes);
  if (twin) return lookalikeNode(twin, notes);
  return isLookalike(word) ? lookalikeNode(word, notes) : null;
}

function escapeNode(character, notes) {
  notes.hidden = true;
  return el("span.escape", {}, escapeOf(character));
}

function collapsedLines(lines) {
  const count = lines.split("\n").length - 1;
  const node = el("span", {}, "\n", el("span.escape", {}, `⟨${count} line breaks⟩`), "\n");
  return node;
}

function stackedMarks(marks, notes) {
  const [first, second, third, ...rest] = marks;
  return el("span", {}, first + second + third, rest.map((mark) => escapeNode(mark, notes)));
}

function isLookalike(word) {
  return STYLED_LATIN.test(word) || FOREIGN_TWINS.test(word) || (FOREIGN.test(word) && /[A-Za-z]/.test(word));
}

function lookalikeNode(word, notes) {
  const node = el("span");
  for (const character of word) {
    if (STYLED_LATIN.test(character) || FOREIGN.test(character) || !/[\p{L}\p{N}_]/u.test(character)) {
      const code = escapeOf(character).slice(1, -1);
      notes.lookalikes.add(`${character} ${code}`);
      node.append(el("span.lookalike", { title: `${code}: not the ASCII character it looks like` }, character));
    } else {
      node.append(character);
    }
  }
  return node;
}

function markOf(piece, over, end) {
  const numbers = over.filter((span) => span.end === end).map((span) => span.number);
  const severity = worstSeverity(over);
  return el(`mark.sev-${severity}`, { "data-findings": numbers.length ? numbers.join(" ") : null }, piece);
}

// Byte offsets in UTF-8 as indices of the JavaScript string; one inside a character is its start.
function charPlaces(text, offsets) {
  const wanted = [...new Set(offsets)].sort((a, b) => a - b);
  const places = new Map();
  let bytes = 0;
  let index = 0;
  for (const character of text) {
    const next = bytes + utf8Length(character.codePointAt(0));
    while (wanted.length && wanted[0] < next) places.set(wanted.shift(), index);
    if (!wanted.length) return places;
    bytes = next;
    index += character.length;
  }
  for (const offset of wanted) places.set(offset, text.length);
  return places;
}

function utf8Length(code) {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
