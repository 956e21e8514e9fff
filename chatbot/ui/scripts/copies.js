// On a Space, which forgets all at each restart, this browser keeps a copy of each conversation and brings it back afterwards.
// A copy is the mark of what it holds, and on the next line the text that the server gave and takes; nothing here looks into it.
(() => {
  const EVERY = 2500, AGAIN = 5000; // ms between a change and the look at it, and after a look that failed
  const LARGEST = 1e6; // characters of one conversation; browsers keep some five million for an address
  const MOST_GONE = 1000;
  const LASTS = localStorage instanceof Storage; // what stands in for it, in blocked.js, is gone with the page
  const CHANGES = "#by-conversations, #by-chatbot, #by-turns";
  const began = location.href, unfit = new Map(); // the mark with which a conversation found no room
  const WANTED = "banyan-wanted"; // the address that this window was at when its server forgot; a reload or two may lie between
  let who = "", first = true, planned = 0;
  let out = false; // who signed out, or this page, is about to go
  let differs = false; // whether the server has other conversations now than this page has drawn

  const key = (kind, id = "") => `banyan-${kind} ${encodeURIComponent(who)} ${id}`;
  const idsOf = (kind) => Object.keys(localStorage).filter((one) => one.startsWith(key(kind))).map((one) => one.slice(key(kind).length));
  const has = (id, mark) => localStorage.getItem(key("copy", id))?.startsWith(`${mark}\n`);
  const drop = (id) => localStorage.removeItem(key("copy", id));
  const gone = () => { // what was deleted in this browser
    try { return [JSON.parse(localStorage.getItem(key("gone")))].flat(); } catch { return []; }
  };

  const ask = async (path = "", how = {}) => {
    const answer = await fetch(new URL(`copies${path}`, document.baseURI), { cache: "no-store", ...how });
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => null);
    throw Object.assign(new Error(`copies: ${answer.status}`), { refused: told?.error?.code === "invalid_input" });
  };

  // A copy that the server refuses is set aside, so that nothing takes its place.
  const bringBack = async (marks) => {
    for (const id of idsOf("copy")) {
      const copy = localStorage.getItem(key("copy", id)), at = copy.indexOf("\n");
      if (gone().includes(id)) drop(id);
      else if (marks.get(id) !== copy.slice(0, at)) try {
        const { id: now } = await (await ask("", { method: "POST", body: copy.slice(at + 1) })).json();
        differs ||= !marks.has(now) && now !== "";
        if (now !== id) drop(id);
      } catch (error) {
        if (!error.refused) throw error;
        drop(id);
        localStorage.setItem(key("odd", id), copy.slice(at + 1));
      }
    }
  };

  const removeGone = async (talks) => {
    for (const id of talks.map(([id]) => id).filter((id) => gone().includes(id))) { // from another browser of the same person
      await ask(`/${id}`, { method: "DELETE" });
      differs = true;
    }
  };

  // Older ones make room for a newer one.
  const keep = (id, copy, older) => {
    const room = older.filter((one) => localStorage.getItem(key("copy", one)) !== null);
    while (LASTS && copy.length <= LARGEST) {
      if (out || gone().includes(id)) return;
      try { return localStorage.setItem(key("copy", id), copy); } catch {
        if (!room.length) break;
        drop(room.pop());
      }
    }
    unfit.set(id, copy.split("\n", 1)[0]);
  };

  const say = (missing) => {
    const note = document.querySelector("#by-forgets .by-note"), odd = idsOf("odd");
    if (!note) return;
    const told = [[missing, note.dataset.full], [odd.length, note.dataset.odd]].filter(([count]) => count);
    const words = told.map(([count, said]) => said.replace("{count}", count)).join(" ");
    let box = note.parentElement.querySelector("[role=status]");
    if ((box?.dataset.words ?? "") === words) return;
    box?.remove();
    if (!words) return;
    box = Object.assign(document.createElement("p"), { className: "by-note by-doubted", textContent: words });
    box.setAttribute("role", "status");
    box.dataset.words = words;
    if (odd.length) {
      const text = `[${odd.map((id) => localStorage.getItem(key("odd", id))).join(",\n")}]`;
      const link = Object.assign(document.createElement("a"), { download: "banyan.json", textContent: note.dataset.save });
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      box.append(" ", link);
    }
    note.after(box);
  };

  const chatOf = (address) => new URL(address).searchParams.get("chat");
  const settle = async (here) => { // the server, or this browser, is another: all that there was may be gone
    await bringBack(new Map(here.talks));
    await removeGone(here.talks);
    const now = await (await ask()).json();
    if (now.place !== here.place) return; // a browser that gives its cookie only sometimes
    localStorage.setItem(key("place"), here.place);
    const wanted = sessionStorage.getItem(WANTED), lost = wanted && chatOf(wanted) !== chatOf(location.href);
    if (!differs && !(lost && now.talks.some(([id]) => id === chatOf(wanted)))) return plan(0);
    out = true;
    history.replaceState(null, "", wanted ?? began);
    location.reload();
  };

  const look = async () => {
    const here = await (await ask()).json();
    if (!here.place || out) return;
    ({ who } = here);
    if (localStorage.getItem(key("place")) !== here.place) return settle(here);
    sessionStorage.removeItem(WANTED);
    if (first) await removeGone(here.talks);
    first = false;
    if (differs) return location.reload();
    const marks = new Map(here.talks.filter(([id]) => !gone().includes(id))), ids = [...marks.keys()];
    for (const id of idsOf("copy")) if (!marks.has(id)) drop(id);
    for (const [at, id] of ids.entries())
      if (!has(id, marks.get(id)) && unfit.get(id) !== marks.get(id))
        keep(id, await (await ask(`/${id}`)).text(), ids.slice(at + 1));
    say(ids.filter((id) => localStorage.getItem(key("copy", id)) === null).length);
  };

  const plan = (after) => { planned ||= setTimeout(run, after); };
  const run = async () => {
    planned = 0;
    await (navigator.locks?.request("banyan-copies", look) ?? look()).catch(() => { if (!out) plan(AGAIN); });
  };
  const begin = (tries = 0) => {
    if (!document.querySelector("#by-forgets")) return tries < 600 && setTimeout(begin, 50, tries + 1);
    if (chatOf(began)) sessionStorage.setItem(WANTED, began);
    run();
    const changed = ({ target }) => (target.nodeType === Node.TEXT_NODE ? target.parentElement : target)?.closest?.(`${CHANGES}, #by-forgets`);
    new MutationObserver((seen) => { if (seen.some(changed)) plan(EVERY); })
      .observe(document, { childList: true, subtree: true, characterData: true });
  };
  begin();

  // What is deleted goes from here at once, whatever the server does next.
  addEventListener("click", (event) => {
    const { act, id } = event.target.closest?.(":is(#by-conversations, #by-found) [data-act][data-id]")?.dataset ?? {};
    if (!who || !["delete", "restore"].includes(act)) return;
    if (act === "delete") drop(id);
    const others = gone().filter((one) => one !== id);
    localStorage.setItem(key("gone"), JSON.stringify(act === "delete" ? [...others, id].slice(-MOST_GONE) : others));
  }, true);

  addEventListener("click", (event) => { // whoever signs in next in this browser is somebody else
    if (!who || !event.target.closest?.("#by-sign-out")) return;
    out = true;
    for (const kind of ["copy", "odd", "gone", "place"]) for (const id of idsOf(kind)) localStorage.removeItem(key(kind, id));
  }, true);
})();
