// A lost connection says so. When the server is there again the page is loaded anew, since its session went with the connection,
// and what was typed is put back.
(() => {
  const EVERY = 5000, SOON = 1000; // ms between two looks, while all is well and while it is not
  const ASLEEP = 300000; // ms without a look: browsers slow a hidden page to one a minute, so the machine slept, and all connections ended
  const KEY = "banyan-typed", typed = new Set();
  let gone = false, app = null, timer = 0, before = Date.now();

  // A box is known by the component that it is in, and its place there.
  const partOf = (box) => box.parentElement?.closest("[id^=by-]");
  const nameOf = (box) => {
    const part = partOf(box);
    return part && `${part.id} ${[...part.querySelectorAll("textarea")].indexOf(box)}`;
  };
  const boxOf = (name) => {
    const [id, at] = name.split(" ");
    return document.getElementById(id)?.querySelectorAll("textarea")[at];
  };
  const kept = new Map(Object.entries(JSON.parse(sessionStorage.getItem(KEY) ?? "{}")));
  sessionStorage.removeItem(KEY);
  addEventListener("input", ({ target }) => {
    const name = target.matches?.("textarea") && nameOf(target);
    if (name) { typed.add(name); kept.delete(name); }
  });
  addEventListener("pagehide", () => {
    const now = [...typed].map((name) => [name, boxOf(name)?.value]).filter(([, text]) => text);
    const all = Object.fromEntries([...kept, ...now]);
    if (Object.keys(all).length) sessionStorage.setItem(KEY, JSON.stringify(all));
  });
  addEventListener("click", (event) => { // whoever signs in next in this window is somebody else
    if (event.target.closest?.("#by-sign-out")) { typed.clear(); kept.clear(); }
  });
  const putBack = () => {
    for (const [name, text] of kept) {
      const box = boxOf(name);
      if (!box || box.disabled) continue;
      if (box.value) { kept.delete(name); continue; }
      box.value = text;
      box.dispatchEvent(new Event("input", { bubbles: true })); // Gradio hears of it, and so do we
    }
  };
  const seen = new MutationObserver(() => { putBack(); if (!kept.size) seen.disconnect(); });
  if (kept.size) seen.observe(document, { childList: true, subtree: true });

  const say = () => {
    const words = document.querySelector("#by-brand [data-lost]")?.dataset.lost;
    if (!words || document.getElementById("by-lost")) return;
    const box = Object.assign(document.createElement("div"), { id: "by-lost", textContent: words });
    box.setAttribute("role", "alert");
    document.body.append(box);
    document.documentElement.classList.add("by-lost"); // Gradio says it, too, in English
  };
  const appId = async () => { // of the server that answers; null where none does
    try {
      const answer = await fetch(new URL("gradio_api/app_id", document.baseURI), { cache: "no-store" });
      if (answer.ok) return (await answer.json()).app_id;
      return answer.status < 502 ? app : null; // a proxy answers for a server that is away
    } catch {
      return null;
    }
  };
  const look = async () => {
    clearTimeout(timer);
    gone ||= Date.now() - before > ASLEEP;
    if (!document.hidden) {
      const now = await appId();
      if (now === null) { gone = true; say(); }
      else if (gone || (app ?? now) !== now) return location.reload();
      else app = now;
    }
    before = Date.now();
    clearTimeout(timer);
    timer = setTimeout(look, gone ? SOON : EVERY);
  };
  for (const event of ["offline", "online", "visibilitychange"]) addEventListener(event, look, true);
  look();
})();
