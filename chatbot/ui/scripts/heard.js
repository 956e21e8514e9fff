// A screen reader hears each new answer once, when it is whole: Gradio's chat is a log that would be read anew while it grows.
(() => {
  const LONGEST = 2000; // characters; about two minutes
  const PLACES = [ // what is seen while it is being written -> where the answer stands then
    ["#by-composer .stop-button", ["#by-chatbot .bot-row .message-content", "#by-chatbot-2 .bot-row .message-content"]],
    ["#by-ask .stop-button", ["#by-past .by-said, #by-live .by-said"]],
    ["#by-tr-stop", ["#by-tr-output textarea"]],
    ["#by-sum-stop", ["#by-sum-shown"]],
    ["#by-sen-stop", ["#by-sen-shown"]],
    ["#by-ext-stop", ["#by-ext-shown"]],
  ];
  const writes = new Set();
  const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.offsetParent);
  const words = (part) => {
    if (part.matches("textarea")) return part.value;
    const copy = part.cloneNode(true);
    copy.querySelectorAll("button, svg, .katex-html, details:not([open])").forEach((one) => one.remove());
    return copy.textContent;
  };
  const box = Object.assign(document.createElement("div"), { id: "by-heard", className: "sr-only" });
  box.setAttribute("role", "status");
  const say = (text) => {
    box.textContent = "";
    setTimeout(() => { box.textContent = text; }, 100); // also where it is the same once more
  };
  const look = () => {
    if (!box.isConnected) document.body.append(box);
    for (const log of document.querySelectorAll("[role=log][aria-live=polite]")) log.setAttribute("aria-live", "off");
    for (const [sign, answers] of PLACES) {
      const writing = seen(sign).length > 0;
      if (!writing && writes.has(sign)) {
        const said = answers.map((answer) => seen(answer).pop()).filter(Boolean).map(words).join("\n");
        say(said.replace(/\s+/g, " ").trim().slice(0, LONGEST));
      }
      writes[writing ? "add" : "delete"](sign);
    }
  };
  let planned = 0;
  new MutationObserver(() => { planned ||= setTimeout(() => { planned = 0; look(); }, 100); })
    .observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
})();
