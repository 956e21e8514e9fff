// The page's own script. No framework, no network.
(() => {
  const KEY = "banyan-theme";
  const wantsDark = () => {
    const saved = localStorage.getItem(KEY);
    return saved ? saved === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const apply = () => document.body && document.body.classList.toggle("dark", wantsDark());
  document.addEventListener("DOMContentLoaded", apply);
  apply();

  // Gradio sets its own dark class once while it mounts; ours has the last word, now and after the system changes.
  addEventListener("load", () => { apply(); setTimeout(apply, 300); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);

  // On a phone the sidebar covers the page, so it begins closed there.
  const whenThere = (selector, act, tries = 0) => {
    const found = document.querySelector(selector);
    if (found) act(found);
    else if (tries < 200) setTimeout(() => whenThere(selector, act, tries + 1), 50);
  };
  whenThere(".sidebar.open .toggle-button", (toggle) => { if (innerWidth < 768) setTimeout(() => toggle.click(), 50); });

  // Gradio's round buttons have no names; a screen reader needs them, in the language of the page.
  let names = { send: "Send", stop: "Stop", sidebar: "Sidebar" };
  const nameButtons = () => {
    for (const [selector, name] of [[".submit-button", names.send], [".stop-button", names.stop]])
      for (const button of document.querySelectorAll(`:is(#by-composer, #by-ask) ${selector}`))
        if (button.getAttribute("aria-label") !== name) { button.setAttribute("aria-label", name); button.title = name; }
    document.querySelector(".sidebar .toggle-button")?.setAttribute("aria-label", names.sidebar);
  };
  for (const composer of ["#by-composer", "#by-ask"])
    whenThere(composer, (box) => {
      nameButtons();
      new MutationObserver(nameButtons).observe(box, { childList: true, subtree: true });
    });

  const toggleTheme = () => {
    localStorage.setItem(KEY, document.body.classList.contains("dark") ? "light" : "dark");
    apply();
  };
  addEventListener("click", (event) => { if (event.target.closest?.("#by-theme")) toggleTheme(); });

  // Only a page of ours can send this; a link could be put into an answer.
  addEventListener("click", async (event) => {
    if (!event.target.closest?.("#by-sign-out")) return;
    await fetch(location.pathname.replace(/\/?$/, "/logout"), { method: "POST" });
    location.reload();
  });

  // A tab that is chosen comes into sight whole, where the bar of tabs scrolls.
  addEventListener("click", (event) => {
    event.target.closest?.("[role=tab]")?.scrollIntoView({ block: "nearest", inline: "center" });
  });

  // A source that was asked for comes into sight: on a phone it stands below the answer.
  const SOURCES = "#by-source, #by-chat-source, #by-sum-where";
  addEventListener("click", (event) => {
    const chosen = event.target.closest?.("[data-act=cite], [data-act=source], #by-doc-list [data-act=open]");
    if (!chosen || chosen.closest(SOURCES)) return;
    for (const source of document.querySelectorAll(SOURCES)) {
      if (!source.offsetParent) continue; // of another tab
      let settled = 0;
      const seen = new MutationObserver(() => {
        clearTimeout(settled);
        settled = setTimeout(() => {
          seen.disconnect();
          const top = source.getBoundingClientRect().top;
          if (top < 0 || top > 0.7 * innerHeight) source.scrollIntoView({ behavior: "smooth", block: "start" });
        }, 300);
      });
      seen.observe(source, { childList: true, subtree: true });
      setTimeout(() => seen.disconnect(), 20000);
    }
  });

  // The server says the language of the page in the brand, and hands over a file to save as a link.
  const onChange = (selector, act) => whenThere(selector, (element) => {
    act(element);
    new MutationObserver(() => act(element)).observe(element, { childList: true, subtree: true });
  });
  onChange("#by-brand", (brand) => {
    const said = brand.querySelector("[data-language]")?.dataset;
    if (!said) return;
    document.documentElement.lang = said.language;
    names = said;
    nameButtons();
  });
  let saved = null;
  onChange("#by-file", (box) => {
    const link = box.querySelector("a[data-number]");
    if (!link || link.dataset.number === saved) return;
    saved = link.dataset.number;
    link.click();
  });

  // Enter that ends an input method's composition (Chinese, Japanese, Korean) chooses a word; it must not send.
  for (const kind of ["keydown", "keypress"]) {
    addEventListener(kind, (event) => {
      if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopImmediatePropagation();
    }, true);
  }
})();
