// The tour: a card that goes from place to place. It begins when somebody asks for it, and ends at any press of Escape.
(() => {
  const card = () => document.getElementById("by-tour-card");
  const steps = () => [...card().querySelectorAll("li")];
  const seen = (selector) => [...document.querySelectorAll(selector)].find((one) => one.offsetParent);
  let at = -1, marked = null;

  const mark = (place) => {
    marked?.classList.remove("by-tour-at");
    marked = place;
    marked?.classList.add("by-tour-at");
  };
  const put = (place) => {
    const box = card(), room = { width: innerWidth - box.offsetWidth - 12, height: innerHeight - box.offsetHeight - 12 };
    const of = place?.getBoundingClientRect();
    const below = of && of.bottom + 12 <= room.height, above = of && of.top - box.offsetHeight - 12 >= 12;
    const top = below ? of.bottom + 12 : above ? of.top - box.offsetHeight - 12 : room.height;
    box.style.left = `${Math.max(12, Math.min(of ? of.left : room.width / 2, room.width))}px`;
    box.style.top = `${Math.max(12, top)}px`;
  };
  const show = () => {
    document.querySelector(".by-tour-offer")?.remove();
    const all = steps(), step = all[at];
    for (const one of all) one.hidden = one !== step;
    for (const [key, there] of [["tour_back", at > 0], ["tour_skip", at < all.length - 1], ["tour_next", at < all.length - 1],
      ["tour_done", at === all.length - 1]]) card().querySelector(`[data-key=${key}]`).hidden = !there;
    document.getElementById(`by-tab-${step.dataset.tab}-button`)?.click();
    card().showPopover();
    const settle = (tries) => { // the tab's own things are drawn when it is chosen
      if (all[at] !== step) return;
      const place = seen(step.dataset.at);
      if (!place && tries) return setTimeout(() => settle(tries - 1), 100);
      place?.scrollIntoView({ block: "nearest" });
      mark(place);
      put(place);
      card().focus();
    };
    settle(20);
  };
  const over = () => {
    if (at >= 0) document.getElementById("by-tab-chat-button")?.click();
    at = -1;
    mark(null);
    card().hidePopover();
    document.querySelector(".by-tour-offer")?.remove(); // skipped before it began
    const told = Object.assign(document.createElement("button"), { hidden: true });
    told.dataset.act = "over";
    card().parentElement.append(told); // where clicks are told to the server
    told.click();
    told.remove();
  };
  addEventListener("click", (event) => {
    const pressed = event.target.closest?.("[data-step], [data-tour]");
    if (!pressed) return;
    if (pressed.dataset.step === "over") return over();
    at = pressed.matches("[data-tour], .by-tour-offer *") ? 0 : at + (pressed.dataset.step === "back" ? -1 : 1);
    show();
  });
  addEventListener("keydown", (event) => {
    if (at < 0 || event.key !== "Escape") return;
    event.preventDefault();
    over();
  }, true);
  addEventListener("resize", () => { if (at >= 0) put(marked); });
})();
