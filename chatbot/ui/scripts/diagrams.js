// A diagram that an answer holds as Mermaid's code is drawn above the code. What is drawn is shown as an image: no script runs in
// one, nothing is loaded by it, and none of its styles reaches the page. Mermaid comes with Gradio and is loaded with the first diagram.
(() => {
  const QUIET = 500; // ms without a change, after which the code is taken to be whole
  const OPTIONS = {
    startOnLoad: false, securityLevel: "strict", htmlLabels: false, flowchart: { htmlLabels: false }, fontFamily: "sans-serif", theme: "default",
    suppressErrorRendering: true, secure: ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering", "htmlLabels",
      "flowchart", "theme", "themeCSS", "themeVariables", "fontFamily", "altFontFamily"], // what the code itself may not set
  };
  const drawn = new Map(); // code -> address of the picture; empty where it cannot be drawn
  let mermaid = null, count = 0, waiting = 0;

  const load = () => mermaid ??= import(new URL(document.querySelector("meta[name=by-mermaid]").content, document.baseURI))
    .then(({ default: found }) => { found.initialize(OPTIONS); return found; });
  const picture = async (code) => {
    const { svg } = await (await load()).render(`by-diagram-${++count}`, code);
    const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    const [, , width, height] = root.getAttribute("viewBox").split(/[\s,]+/);
    root.setAttribute("width", width); // without them an image would have no size of its own
    root.setAttribute("height", height);
    return `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(root))}`;
  };
  const blocks = () => [...document.querySelectorAll('.message-content code[class*="mermaid"]')]
    .map((code) => ({ box: code.closest(".code_wrap") ?? code.parentElement, code: code.textContent.trim() })).filter(({ code }) => code);
  const show = () => {
    for (const { box, code } of blocks()) {
      const address = drawn.get(code), there = box.previousElementSibling?.matches(".by-diagram") ? box.previousElementSibling : null;
      if (!address || there?.dataset.code === code) continue;
      const figure = Object.assign(document.createElement("figure"), { className: "by-diagram" });
      figure.dataset.code = code;
      const alt = document.querySelector("#by-brand [data-diagram]")?.dataset.diagram ?? "";
      const log = box.closest("[role=log]"), follows = log && log.scrollHeight - log.scrollTop - log.clientHeight < 60; // px
      const onload = () => { if (follows) log.scrollTop = log.scrollHeight; };
      figure.append(Object.assign(new Image(), { alt, onload, src: address }));
      there?.remove();
      box.before(figure);
    }
  };
  const draw = async () => {
    for (const { code } of blocks()) {
      if (drawn.has(code)) continue;
      drawn.set(code, "");
      try {
        drawn.set(code, await picture(code));
      } catch (error) {
        console.debug("no diagram", error); // a model's code is often none: it stays, as code
      }
    }
    show();
  };
  new MutationObserver(() => {
    if (!document.querySelector('.message-content code[class*="mermaid"]')) return;
    show();
    clearTimeout(waiting);
    waiting = setTimeout(draw, QUIET);
  }).observe(document, { childList: true, subtree: true });
})();
