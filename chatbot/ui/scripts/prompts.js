// A slash in the empty composer lists the prompts that were kept; what follows it filters them.
(() => {
  const composer = () => document.querySelector("#by-composer textarea");
  const list = () => document.querySelector("#by-prompts nav");
  const shown = () => [...list().querySelectorAll("li:not([hidden]) > button:first-child")];
  const write = (words) => {
    const box = composer();
    box.value = words;
    box.dispatchEvent(new Event("input", { bubbles: true })); // Gradio hears of it
    box.focus();
  };
  const focusName = (tries) => {
    const box = document.querySelector("#by-prompt-name :is(input, textarea)");
    if (box?.offsetParent) box.focus();
    else if (tries) setTimeout(() => focusName(tries - 1), 50);
  };
  const look = () => {
    const nav = list(), said = composer().value;
    if (!nav) return;
    const wanted = said.slice(1).trim().toLowerCase();
    for (const row of nav.querySelectorAll("li:has([data-words])"))
      row.hidden = !row.querySelector("b").textContent.toLowerCase().includes(wanted);
    nav.hidden = !said.startsWith("/") || (wanted !== "" && shown().length < 2); // only "new" is left
  };
  addEventListener("input", (event) => { if (event.target === composer()) look(); });
  addEventListener("click", (event) => {
    const chosen = event.target.closest?.("#by-prompts button");
    if (!chosen) return;
    write(chosen.dataset.words ?? "");
    list().hidden = true;
    if (chosen.dataset.act) focusName(60);
  });
  addEventListener("keydown", (event) => {
    const open = list() && !list().hidden, at = event.target, ours = at === composer() || at.closest?.("#by-prompts");
    if (!open || !ours || event.isComposing) return;
    const rows = shown(), by = { ArrowDown: 1, ArrowUp: -1 }[event.key], now = rows.indexOf(at.closest?.("button"));
    if (event.key === "Escape") { list().hidden = true; composer().focus(); }
    else if (by) (rows[now + by] ?? (by > 0 ? rows[0] : composer())).focus();
    else if (event.key === "Enter" && at === composer()) rows[0].click();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  addEventListener("keypress", (event) => { // Gradio sends at this one
    if (event.key === "Enter" && event.target === composer() && list() && !list().hidden) event.stopImmediatePropagation();
  }, true);
})();
