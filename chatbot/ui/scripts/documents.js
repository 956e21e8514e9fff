// The documents tab: folders that are dropped, and the size of a source.
(() => {
  // Gradio takes the files of a drop; of a folder it would take the folder. What is in it goes the way of files that are chosen.
  const inside = async (entry) => {
    if (entry.isFile) return [await new Promise((give, fail) => entry.file(give, fail))];
    const reader = entry.createReader(), found = [];
    for (;;) { // a hundred at a time
      const some = await new Promise((give, fail) => reader.readEntries(give, fail));
      if (!some.length) return (await Promise.all(found.map(inside))).flat();
      found.push(...some.filter((one) => !one.name.startsWith(".")));
    }
  };
  addEventListener("drop", async (event) => {
    const box = event.target.closest?.("#by-doc-files"), input = box?.querySelector("input[type=file]");
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!input || !entries.some((entry) => entry.isDirectory)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
    const files = (await Promise.all(entries.map(inside))).flat(), chosen = new DataTransfer();
    for (const file of files) chosen.items.add(file);
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, true);

  // Of a source that is made larger or smaller the size stays while pages are turned.
  const SOURCES = "#by-source, #by-chat-source, #by-sum-where";
  addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-zoom]"), source = button?.closest(SOURCES);
    if (!source) return;
    const now = Number(source.style.getPropertyValue("--by-zoom")) || 1;
    source.style.setProperty("--by-zoom", Math.min(3, Math.max(0.8, now * 1.25 ** Number(button.dataset.zoom))).toFixed(3));
  });

  // Escape closes a source that lies over the page, unless it stops an answer.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector(":popover-open, dialog[open]")) return;
    if ([...document.querySelectorAll(".stop-button")].some((one) => one.offsetParent)) return;
    const close = document.querySelector("#by-source [data-act=close]");
    if (close?.offsetParent && getComputedStyle(close.closest("#by-source-column")).position === "fixed") close.click();
  });
})();
