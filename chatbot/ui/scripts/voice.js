// Dictating and reading aloud, by the browser's own means. Off until somebody switches it on; of this browser, not of the owner.
(() => {
  const KEY = "banyan-voice";
  const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
  const words = () => document.querySelector("#by-brand [data-dictate]").dataset; // the settings may never have been opened
  let listens = null, reads = null, told = null;

  const say = (said) => { // above what is typed
    told ??= Object.assign(document.createElement("p"), { id: "by-voice-said" });
    told.setAttribute("role", "status");
    if (!told.isConnected) document.querySelector("#by-composer").before(told);
    told.textContent = said;
  };

  const write = (text) => {
    const area = document.querySelector("#by-composer textarea");
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true })); // Gradio hears of it
  };
  const name = (button, said, pressed) => {
    button.setAttribute("aria-label", said);
    button.setAttribute("aria-pressed", String(pressed));
    button.title = said;
  };
  const dictate = (button) => {
    if (listens) return listens.stop();
    const before = document.querySelector("#by-composer textarea").value;
    listens = Object.assign(new Recognition(), { lang: document.documentElement.lang, continuous: true, interimResults: true });
    listens.onresult = ({ results }) => write(before + [...results].map((one) => one[0].transcript).join(""));
    listens.onerror = ({ error }) => say(`${words().failed} (${error})`);
    listens.onend = () => { listens = null; name(button, words().dictate, false); };
    name(button, words().listening, true);
    say("");
    listens.start();
  };
  const spoken = (button) => {
    const row = button.closest(".message-buttons-left")?.previousElementSibling;
    const copy = row?.querySelector(".message-content")?.cloneNode(true);
    copy?.querySelectorAll("pre, button").forEach((one) => one.remove());
    return copy?.textContent.trim() ?? "";
  };
  const read = (button) => {
    const again = reads === button;
    speechSynthesis.cancel();
    if (again) return;
    const said = spoken(button), lang = /\p{Script=Han}/u.test(said) ? "zh" : document.documentElement.lang;
    const voice = speechSynthesis.getVoices().find((one) => one.localService && one.lang.slice(0, 2) === lang.slice(0, 2));
    if (!voice) return say(words().mute);
    const voiced = Object.assign(new SpeechSynthesisUtterance(said), { voice, lang: voice.lang });
    voiced.onend = voiced.onerror = () => { if (reads === button) reads = null; name(button, words().say, false); };
    reads = button;
    name(button, words().quiet, true);
    speechSynthesis.speak(voiced);
  };

  const look = () => {
    const on = localStorage.getItem(KEY) === "on", composer = document.querySelector("#by-composer .input-container");
    const check = document.querySelector("#by-voice input"), there = composer?.querySelector(".by-dictate");
    const worded = document.querySelector("#by-brand [data-dictate]");
    document.documentElement.classList.toggle("by-voiced", on);
    if (check && !check.dataset.known) { check.checked = on; check.dataset.known = "yes"; } // a new one: from then on people change it
    if (there && !on) { listens?.stop(); there.remove(); }
    else if (there && worded && !listens && there.title !== words().dictate) name(there, words().dictate, false); // another language
    if (!composer || there || !on || !Recognition || !worded) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "by-dictate" });
    name(button, words().dictate, false);
    button.onclick = () => dictate(button);
    composer.querySelector(".submit-button, .stop-button")?.before(button);
  };
  addEventListener("change", (event) => {
    if (!event.target.matches?.("#by-voice input")) return;
    localStorage.setItem(KEY, event.target.checked ? "on" : "off");
    speechSynthesis.cancel();
    say(event.target.checked && !Recognition ? words().deaf : "");
    look();
  });
  addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-say]");
    if (button) read(button);
  });
  new MutationObserver(look).observe(document, { childList: true, subtree: true }); // Gradio runs this when the page has been loaded
})();
