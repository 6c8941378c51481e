// The set-up pages: what depends on what, rows that are added and moved, and trying what is being typed.
"use strict";

const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);

function showByMode() {
  const mode = document.querySelector("input[name=mode]:checked");
  if (!mode) return;
  each("[data-shown-mode]", (one) => { one.hidden = one.dataset.shownMode !== mode.value; });
  each("[data-hidden-mode]", (one) => { one.hidden = one.dataset.hiddenMode.split(" ").includes(mode.value); });
}

function showByFlag() {
  each("[data-shown-if]", (one) => {
    const box = document.getElementById(one.dataset.shownIf);
    one.hidden = Boolean(box) && !box.checked;
  });
}

function paint(select) {
  const chosen = select.selectedOptions[0];
  const swatch = select.parentElement.querySelector(".su-swatch");
  if (swatch) swatch.style.background = (chosen && chosen.dataset.color) || "transparent";
  const row = select.closest("td, [data-row]");
  const loss = row && row.querySelector("[data-loss]");
  if (loss) loss.hidden = !(chosen && chosen.dataset.lost);
}

function showPolicies() {
  each(".su-map-row", (row) => {
    const policy = row.querySelector("[data-policy]");
    const field = row.querySelector("select");
    policy.style.visibility = field.value ? "visible" : "hidden";
  });
}

function refresh() {
  showByMode();
  showByFlag();
  each(".su-stage select", paint);
  showPolicies();
}

let added = 0;

function addRow(table) {
  const template = document.querySelector(`template[data-new="${table}"]`);
  const list = document.querySelector(`[data-rows="${table}"]`);
  added += 1;
  const html = template.innerHTML.replaceAll(`${table}NEW_`, `${table}new${added}_`);
  list.insertAdjacentHTML("beforeend", html);
  refresh();
  const first = list.lastElementChild.querySelector("select, input");
  if (first) first.focus();
}

function moveRow(button) {
  const row = button.closest("[data-row]");
  if ("up" in button.dataset && row.previousElementSibling) row.previousElementSibling.before(row);
  if ("down" in button.dataset && row.nextElementSibling) row.nextElementSibling.after(row);
  if ("drop" in button.dataset) row.remove();
  else button.focus();
}

function takeAll(target) {
  each(".su-map-row", (row) => {
    const field = row.querySelector("select");
    if (!target || !field.value) field.value = target;
  });
  showPolicies();
}

function fill(button) {
  const field = document.getElementById(`id_${button.dataset.fill}`);
  field.value = button.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.add) addRow(button.dataset.add);
  else if ("up" in button.dataset || "down" in button.dataset || "drop" in button.dataset) moveRow(button);
  else if ("takeAll" in button.dataset) takeAll(button.dataset.takeAll);
  else if (button.dataset.fill) fill(button);
});
document.addEventListener("change", refresh);

// Trying while typing: once nothing has been typed for a moment, and again if something was typed meanwhile.
const PAUSE = 900;
let timer = null;
let tried = "";

function typed() {
  return new URLSearchParams(new FormData(document.getElementById("su-form"))).toString();
}

function tryIt() {
  const card = document.querySelector("[data-try]");
  const now = typed();
  const result = document.getElementById("try-result");
  if (now === tried || result.hasAttribute("hx-get")) return;
  tried = now;
  const kept = document.getElementById("kept-findings");
  if (kept) kept.hidden = true;
  htmx.ajax("POST", card.dataset.try, { source: "#su-form", target: "#try-result", swap: "outerHTML" });
}

function sayBeside() {
  const told = document.getElementById("try-beside");
  if (!told) return;
  const beside = JSON.parse(told.textContent);
  each("[data-beside]", (place) => {
    const sentence = beside[place.dataset.beside] || "";
    const field = document.getElementById(place.dataset.beside);
    place.textContent = sentence;
    if (field) field.setAttribute("aria-invalid", sentence ? "true" : "false");
    const row = place.closest(".su-field");
    if (row) row.classList.toggle("su-wrong", Boolean(sentence));
  });
}

function startTrying() {
  const form = document.getElementById("su-form");
  if (!document.querySelector("[data-try]") || !form) return;
  tried = typed();
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(tryIt, PAUSE);
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    const result = document.getElementById("try-result");
    if (result && result.dataset.isOver) {
      sayBeside();
      if (typed() !== tried) tryIt();
    }
  });
}

document.addEventListener("DOMContentLoaded", () => {
  refresh();
  startTrying();
});
