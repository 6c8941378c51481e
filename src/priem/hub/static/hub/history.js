// A row opens in place; without this script it leads to a page of its own.
"use strict";
const form = document.getElementById("rows");

async function fill(details) {
  const inside = details.querySelector(".w-inside");
  const answer = await fetch(details.dataset.url, { headers: { "HX-Request": "true" } });
  if (answer.ok) inside.innerHTML = await answer.text();
}

function count() {
  const button = form.querySelector("[data-chosen]");
  if (!button) return;
  const chosen = form.querySelectorAll("input[name=exchange]:checked").length;
  button.textContent = chosen ? `${button.dataset.chosen} (${chosen})` : button.dataset.chosen;
  button.disabled = !chosen;
}

for (const details of form.querySelectorAll("details[data-url]")) {
  details.addEventListener("toggle", () => details.open && fill(details), { once: true });
}
form.addEventListener("change", count);
count();
