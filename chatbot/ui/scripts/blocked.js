// The first of the page's scripts. A browser that blocks storage, as many do within another site's frame, throws where it is asked for:
// what the others keep is then kept as long as the page is open.
(() => {
  const own = () => {
    const kept = new Map();
    return Object.freeze({
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => { kept.set(key, String(value)); },
      removeItem: (key) => { kept.delete(key); },
    });
  };
  for (const name of ["localStorage", "sessionStorage"])
    try { window[name].length; } catch { Object.defineProperty(window, name, { value: own(), configurable: true }); }
})();
