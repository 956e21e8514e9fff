// A press on the head of a column sorts the rows of its table by it, and once more the other way.
(() => {
  const value = (row, at) => {
    const cell = row.cells[at], number = cell.dataset.value;
    return number === undefined ? cell.textContent.trim() : Number(number);
  };
  addEventListener("click", (event) => {
    const head = event.target.closest?.("[data-sort]")?.closest("th");
    if (!head) return;
    const at = head.cellIndex, body = head.closest("table").tBodies[0], down = head.getAttribute("aria-sort") === "ascending";
    for (const one of head.parentElement.cells) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const order = (one, other) => {
      const [a, b] = [value(one, at), value(other, at)];
      return typeof a === "number" ? a - b : a.localeCompare(b, document.documentElement.lang);
    };
    const rows = [...body.rows].sort(order); // stable: rows that are alike stay as they stood
    body.append(...(down ? rows.reverse() : rows));
  });
})();
