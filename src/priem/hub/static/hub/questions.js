// Figures answer, as the buttons say; not while somebody types or holds another key.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const button = /^[0-9]$/.test(event.key) && document.querySelector(`[data-key="${event.key}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  }
});
// What is read from outside and does not come says so in its place.
for (const name of ["htmx:timeout", "htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    const place = event.target.closest("[data-late]");
    if (place) place.textContent = place.dataset.late;
  });
}
// Whoever has pressed a button that takes a while sees so, and does not press it again.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button && button.dataset.busy) {
    setTimeout(() => { button.disabled = true; button.textContent = button.dataset.busy; });
  }
});
