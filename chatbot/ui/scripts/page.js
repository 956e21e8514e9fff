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

  // On a phone the sidebar covers the page, and on a small screen it takes what a tab needs: it begins closed there.
  const whenThere = (selector, act, tries = 0) => {
    const found = document.querySelector(selector);
    if (found) act(found);
    else if (tries < 200) setTimeout(() => whenThere(selector, act, tries + 1), 50);
  };
  whenThere(".sidebar.open .toggle-button", (toggle) => { if (innerWidth < 1100) setTimeout(() => toggle.click(), 50); });

  const onChange = (selector, act) => whenThere(selector, (element) => {
    act(element);
    new MutationObserver(() => act(element)).observe(element, { childList: true, subtree: true });
  });

  // Gradio's round buttons have no names; a screen reader needs them, in the language of the page.
  let names = { send: "Send", stop: "Stop", sidebar: "Sidebar" };
  const nameButtons = () => {
    for (const [selector, name] of [[".submit-button", names.send], [".stop-button", names.stop]])
      for (const button of document.querySelectorAll(`:is(#by-composer, #by-ask, #by-doc-web) ${selector}`))
        if (button.getAttribute("aria-label") !== name) { button.setAttribute("aria-label", name); button.title = name; }
    document.querySelector(".sidebar .toggle-button")?.setAttribute("aria-label", names.sidebar);
  };
  for (const composer of ["#by-composer", "#by-ask", "#by-doc-web"])
    whenThere(composer, (box) => {
      nameButtons();
      new MutationObserver(nameButtons).observe(box, { childList: true, subtree: true });
    });

  const toggleTheme = () => {
    localStorage.setItem(KEY, document.body.classList.contains("dark") ? "light" : "dark");
    apply();
  };
  addEventListener("click", (event) => { if (event.target.closest?.("#by-theme")) toggleTheme(); });

  addEventListener("click", (event) => {
    if (event.target.closest?.("#by-api-keys")) location.assign(location.pathname.replace(/\/?$/, "/keys"));
  });

  // Only a page of ours can send this; a link could be put into an answer.
  addEventListener("click", async (event) => {
    if (!event.target.closest?.("#by-sign-out")) return;
    await fetch(location.pathname.replace(/\/?$/, "/logout"), { method: "POST" });
    location.reload();
  });

  // A source that was asked for comes into sight: on a phone it stands below the answer.
  const SOURCES = "#by-source, #by-chat-source, #by-sum-where";
  addEventListener("click", (event) => {
    const chosen = event.target.closest?.("[data-act=cite], [data-act=source], #by-doc-list [data-act=open]");
    if (!chosen || chosen.closest(SOURCES)) return;
    for (const source of document.querySelectorAll(SOURCES)) {
      if (!source.closest(".tabitem")?.offsetParent) continue; // of another tab
      let settled = 0;
      const seen = new MutationObserver(() => {
        clearTimeout(settled);
        settled = setTimeout(() => {
          seen.disconnect();
          const top = source.getBoundingClientRect().top;
          if (top < 0 || top > 0.7 * innerHeight) source.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" });
        }, 300);
      });
      seen.observe(source, { childList: true, subtree: true });
      setTimeout(() => seen.disconnect(), 20000);
    }
  });

  // The server says the language of the page in the brand, and hands over a file to save as a link.
  onChange("#by-brand", (brand) => {
    const said = brand.querySelector("[data-language]")?.dataset;
    if (!said) return;
    document.documentElement.lang = said.language;
    names = said;
    nameButtons();
  });
  for (const part of ["#by-file", "#by-adapter-file"]) {
    let saved = null;
    onChange(part, (box) => {
      const link = box.querySelector("a[data-number]");
      if (!link || link.dataset.number === saved) return;
      saved = link.dataset.number;
      link.click();
    });
  }

  // A button that the server draws anew keeps the focus, or hands it on to its neighbour.
  addEventListener("click", (event) => {
    const button = event.target.closest?.(":is(#by-adapter-table, #by-mo-shown) [data-act]");
    if (!button) return;
    const { act, id } = button.dataset, list = button.closest(".block");
    const drawn = new MutationObserver(() => {
      const same = `[data-id="${CSS.escape(id)}"]`, next = list.querySelector(`[data-act=${act}]${same}`) ?? list.querySelector(`[data-act]${same}`);
      if (!document.activeElement || document.activeElement === document.body) next?.focus();
    });
    drawn.observe(list, { childList: true, subtree: true });
    setTimeout(() => drawn.disconnect(), 5000);
  });

  // Tabs stand in groups. The server names them; where the bar has no room for all, one group is shown.
  const tabOf = (name) => document.getElementById(`by-tab-${name}-button`);
  const chosenTab = () => document.querySelector("#by-tabs > .tab-wrapper [role=tab][aria-selected=true]")?.dataset.tabId;
  const put = (element, name, value) => { if (element.getAttribute(name) !== value) element.setAttribute(name, value); };
  const group = () => {
    const chosen = chosenTab();
    for (const one of document.querySelectorAll("#by-groups [data-group]")) {
      const names = one.dataset.tabs.split(" ");
      names.map(tabOf).filter(Boolean).forEach((tab, at) => {
        put(tab, "data-group", one.dataset.group);
        put(tab, "data-heading", at ? "" : one.textContent);
      });
      const here = names.includes(chosen);
      names.map(tabOf).filter(Boolean).forEach((tab) => put(tab, "data-here", here ? "yes" : "no"));
      put(one, "aria-pressed", String(here));
    }
  };
  const fit = (bar) => {
    bar.setAttribute("data-fits", "yes");
    if (bar.querySelector(".tab-container").scrollWidth > bar.clientWidth) bar.setAttribute("data-fits", "no");
  };
  const lastOf = {};
  addEventListener("click", (event) => {
    const one = event.target.closest?.("#by-groups [data-group]");
    if (one) tabOf(lastOf[one.dataset.group] ?? one.dataset.tabs.split(" ")[0])?.click();
    if (event.target.closest?.("#by-models")) tabOf("models")?.click();
  });

  // The address names the tab and the conversation, so that a reload, the way back and a bookmark find them.
  let touched = false; // what comes before the visitor does anything is no step to go back over
  for (const way of ["pointerdown", "keydown", "click"]) addEventListener(way, () => { touched = true; }, { capture: true, once: true });
  const openTalk = () => document.querySelector("#by-conversations [data-open]")?.dataset.open;
  const address = () => {
    const tab = chosenTab(), talk = openTalk();
    if (tab === undefined || talk === undefined) return; // not drawn yet
    lastOf[tabOf(tab).dataset.group] = tab;
    const url = new URL(location.href);
    const set = (name, value) => value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
    set("tab", tab === "chat" ? "" : tab);
    set("chat", talk);
    if (url.href !== location.href) history[touched ? "pushState" : "replaceState"](null, "", url);
  };
  addEventListener("popstate", () => {
    const wanted = new URL(location.href).searchParams;
    const talk = wanted.get("chat") ?? "";
    if (talk !== openTalk()) {
      const row = talk && document.querySelector(`#by-conversations [data-act=open][data-id="${CSS.escape(talk)}"]`);
      if (talk && !row) return location.reload();
      (row || document.querySelector("#by-new")).click();
    }
    setTimeout(() => tabOf(wanted.get("tab") ?? "chat")?.click(), talk === openTalk() ? 0 : 600);
  });
  whenThere("#by-tabs > .tab-wrapper", (bar) => {
    const look = () => { group(); fit(bar); address(); };
    let width = 0; // its height changes with what is shown
    new ResizeObserver(() => {
      if (bar.clientWidth !== width) fit(bar);
      width = bar.clientWidth;
    }).observe(bar);
    new MutationObserver(look).observe(bar, { attributes: true, attributeFilter: ["aria-selected"], childList: true, subtree: true });
    onChange("#by-groups", look);
    onChange("#by-conversations", look);
  });

  // One menu serves every row of the list; a row is renamed, or put into a folder, where it stands.
  const pressAs = (list, data) => {
    const button = Object.assign(document.createElement("button"), { hidden: true });
    Object.assign(button.dataset, data);
    list.append(button);
    button.click();
    button.remove();
  };
  const ask = (item, list, id) => {
    const row = list.querySelector(`:is([data-act=open], [data-act=choose])[data-id="${CSS.escape(id)}"]`), { act } = item.dataset, moves = act === "move";
    const old = moves ? list.querySelector(`[data-menu="${CSS.escape(id)}"]`).dataset.folder : row.querySelector("span").textContent;
    typeIn(row, item, old, (title) => { if (title.trim() || moves) pressAs(list, { act, id, title }); }, moves ? "by-folder-names" : "");
  };
  const typeIn = (row, item, old, given, known = "") => {
    const box = Object.assign(document.createElement("input"), { className: "by-rename", value: old, maxLength: 200, placeholder: item.dataset.hint ?? "" });
    box.setAttribute("aria-label", item.textContent);
    if (known) box.setAttribute("list", known);
    row.hidden = true;
    row.before(box);
    box.select();
    box.focus();
    const done = (keep) => {
      box.onblur = null;
      box.remove();
      row.hidden = false;
      if (keep && box.value !== old) given(box.value);
    };
    box.onblur = () => done(true);
    box.onkeydown = (event) => {
      if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
      event.stopPropagation();
      done(event.key === "Enter");
    };
  };
  addEventListener("click", (event) => {
    const make = event.target.closest?.("[data-new]");
    if (make) typeIn(make, make, "", (title) => pressAs(make.closest("nav").parentElement, { act: make.dataset.new, title }));
  });
  addEventListener("click", (event) => {
    const dots = event.target.closest?.("[data-menu]"), chosen = event.target.closest?.("[role=menuitem]");
    if (dots) {
      const menu = dots.closest("nav, .by-turn")?.querySelector("[popover]") ?? document.querySelector("#by-again [popover]");
      for (const item of menu.querySelectorAll("[role=menuitem]")) {
        item.dataset.id = dots.dataset.menu;
        if (item.dataset.asked) item.querySelector("span").textContent = item.dataset.asked;
        delete item.dataset.asked;
      }
      menu.toggleAttribute("data-pinned", "pinned" in dots.dataset);
      const at = dots.getBoundingClientRect();
      menu.showPopover();
      menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
      menu.style.top = `${at.bottom + menu.offsetHeight + 8 > innerHeight ? Math.max(8, at.top - menu.offsetHeight - 4) : at.bottom + 4}px`;
      menu.querySelector("[role=menuitem]:not([hidden])")?.focus();
    } else if (chosen?.dataset.sure && !chosen.dataset.asked) {
      event.stopImmediatePropagation();
      chosen.dataset.asked = chosen.querySelector("span").textContent;
      chosen.querySelector("span").textContent = chosen.dataset.sure;
    } else if (chosen) {
      chosen.closest("[popover]").hidePopover();
      if (chosen.dataset.act === "rename" || "hint" in chosen.dataset) {
        event.stopImmediatePropagation();
        ask(chosen, chosen.closest("nav").parentElement, chosen.dataset.id);
      }
    }
  }, true);
  addEventListener("keydown", (event) => {
    const item = event.target.closest?.("[role=menuitem]"), by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!item || !by) return;
    const items = [...item.parentElement.querySelectorAll("[role=menuitem]")].filter((one) => one.offsetParent);
    items[(items.indexOf(item) + by + items.length) % items.length].focus();
    event.preventDefault();
  });

  // Under each answer stands its bar, as the server wrote it; a press on the copy is one on the original.
  const dress = (box, bars) => {
    const given = [...bars.querySelectorAll(".by-turn")];
    [...box.querySelectorAll(".bot-row")].forEach((row, at) => {
      const foot = row.nextElementSibling;
      if (!foot?.matches(".message-buttons-left")) return;
      const old = foot.querySelector(":scope > .by-turn");
      if (old?.outerHTML === given[at]?.outerHTML) return;
      const act = old?.contains(document.activeElement) && document.activeElement.dataset.act;
      old?.remove();
      if (given[at]) foot.append(given[at].cloneNode(true));
      if (act) foot.querySelector(`[data-act=${act}]`)?.focus();
    });
  };
  for (const [chat, turns] of [["#by-chatbot", "#by-turns"], ["#by-chatbot-2", "#by-turns-2"]])
    whenThere(turns, (bars) => onChange(chat, (box) => {
      const look = () => dress(box, bars);
      bars.watched ??= new MutationObserver(look).observe(bars, { childList: true, subtree: true }) ?? true;
      look();
    }));
  addEventListener("click", (event) => {
    const { act, id } = event.target.closest?.(".message-buttons-left .by-turn [data-act]")?.dataset ?? {};
    if (act) document.querySelector(`#by-turns [data-act=${act}][data-id="${id}"]`)?.click();
  });

  // A question and its answer come into sight: while it is written, and when it is there.
  for (const part of ["#by-live", "#by-past"]) {
    let asked = null;
    onChange(part, (box) => {
      const turns = box.querySelectorAll(".by-asked"), last = turns[turns.length - 1];
      const said = last && `${turns.length} ${last.textContent}`;
      if (said && said !== asked && asked !== null) last.scrollIntoView({ block: "start" });
      asked = said ?? "";
    });
  }

  // A card of the empty chat goes to a tab, and presses what fills it with an example.
  const press = (selector) => whenThere(selector, (button) => button.click());
  addEventListener("click", (event) => {
    const card = event.target.closest?.("[data-go]");
    if (!card) return;
    tabOf(card.dataset.go)?.click();
    if (card.dataset.press) setTimeout(() => press(card.dataset.press), 200);
  });

  // Keys: Escape stops, the arrow edits, Ctrl+K searches, ? lists them.
  const typing = (element) => element.matches?.("input, textarea, select, [contenteditable=true]");
  const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.offsetParent).pop();
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const at = event.target;
    if (event.key === "Escape" && !document.querySelector(":popover-open, dialog[open]")) seen(".stop-button")?.click();
    else if (event.key === "ArrowUp" && at.matches?.("#by-composer textarea") && !at.value)
      seen("#by-chatbot .message-buttons-right")?.querySelectorAll("button")[1]?.click();
    else if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (!document.querySelector(".sidebar.open")) document.querySelector(".sidebar .toggle-button")?.click();
      setTimeout(() => document.querySelector("#by-search input")?.focus(), 50);
    } else if (event.key === "?" && !typing(at)) document.querySelector("#by-keys")?.showModal();
  });
  addEventListener("click", (event) => {
    if (event.target.closest?.("#by-keys button") || event.target.id === "by-keys") document.querySelector("#by-keys").close();
    if (!event.target.closest?.(".by-skip")) return;
    event.preventDefault();
    [...document.querySelectorAll("#by-tabs > .tabitem :is(textarea, input:not([type=file]), button)")].find((one) => one.offsetParent)?.focus();
  });

  // What scrolls by itself is reached by the keyboard, and Gradio's list of examples holds buttons, which are no list.
  // Some names of Gradio's are English whatever its language is.
  const OWN = { Copy: "copy", "chatbot conversation": "chat", "Remove this file": "remove" };
  let planned = false;
  const tend = () => {
    planned = false;
    for (const one of document.querySelectorAll(":is(.by-table, .message-content pre):not([tabindex])")) one.tabIndex = 0;
    for (const one of document.querySelectorAll(".message-content input[type=checkbox]:not([aria-label])"))
      one.setAttribute("aria-label", one.checked ? "✓" : "–");
    for (const one of document.querySelectorAll(".examples[role=list]")) one.setAttribute("role", "group");
    for (const one of document.querySelectorAll(`.example[aria-label^="Select example"], [aria-label="Click to upload or drop files"]`))
      one.removeAttribute("aria-label"); // what it shows names it, in the language of the page
    for (const one of document.querySelectorAll("label input:is([type=checkbox], [type=radio])[title]"))
      one.removeAttribute("title"); // the value by which the program knows the choice; its words stand beside it
    for (const [own, name] of Object.entries(OWN))
      for (const one of document.querySelectorAll(`[aria-label="${own}"], [data-own="${own}"]`)) {
        one.dataset.own = own;
        if (names[name]) for (const told of ["aria-label", "title"]) if (one.hasAttribute(told)) put(one, told, names[name]);
      }
  };
  whenThere("#by-tabs", (tabs) => new MutationObserver(() => {
    if (!planned) requestAnimationFrame(tend);
    planned = true;
  }).observe(tabs, { childList: true, subtree: true }));

  // Enter that ends an input method's composition (Chinese, Japanese, Korean) chooses a word; it must not send.
  for (const kind of ["keydown", "keypress"]) {
    addEventListener(kind, (event) => {
      if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopImmediatePropagation();
    }, true);
  }
})();
