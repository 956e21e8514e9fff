// Gradio's own words (where files are dropped, what is waited for) are in the browser's language until it is told that of the page;
// what stands there already keeps the words of before, so they are put in its place here.
(() => {
  const KEYS = ["upload_text.drop_file", "upload_text.click_to_upload", "common.or"];
  let told = "", words = null;
  const load = (name) => import(new URL(document.querySelector(`meta[name=by-${name}]`).content, document.baseURI));
  const replace = (say) => {
    const now = KEYS.map((key) => say(key)), before = words;
    words = now;
    for (const wrap of before ? document.querySelectorAll("#by-tabs button .wrap") : [])
      for (const node of [...wrap.childNodes].flatMap((one) => one.nodeType === Node.TEXT_NODE ? one : [...one.childNodes])) {
        const [, left, said, right] = node.nodeType === Node.TEXT_NODE ? node.data.match(/^([\s-]*)(.*?)([\s-]*)$/s) : [];
        const at = before.indexOf(said);
        if (at >= 0 && now[at] !== said) node.data = left + now[at] + right;
      }
  };
  const tell = async () => {
    const wanted = document.querySelector("#by-brand [data-language]")?.dataset.language;
    if (!wanted || wanted === told) return;
    const first = !told;
    told = wanted;
    const [{ changeLocale }, { t: saying }] = await Promise.all([load("gradio"), load("words")]);
    if (first) saying.subscribe(replace);
    changeLocale(wanted);
  };
  const begin = (tries = 0) => {
    const brand = document.querySelector("#by-brand");
    if (!brand) return tries < 200 && setTimeout(begin, 50, tries + 1);
    tell();
    new MutationObserver(tell).observe(brand, { childList: true, subtree: true });
  };
  begin();
})();
