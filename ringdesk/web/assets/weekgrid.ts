/** The week grid of schedules is one stop of the Tab key; arrows, Home and End walk from day to day inside it. */

const CELL = "a.week-cell";

function rowsOf(grid: Element): HTMLElement[][] {
  return Array.from(grid.querySelectorAll(".week-row"), (row) => Array.from(row.querySelectorAll<HTMLElement>(CELL))).filter(
    (cells) => cells.length > 0,
  );
}

/** Of all days only the one last walked to is reached by Tab; what the server drew anew keeps its place. */
function settle(): void {
  for (const grid of document.querySelectorAll("[data-week-grid]")) {
    const cells = rowsOf(grid).flat();
    const current = cells.find((cell) => cell === document.activeElement) ?? cells.find((cell) => cell.tabIndex === 0) ?? cells[0];
    for (const cell of cells) cell.tabIndex = cell === current ? 0 : -1;
  }
}

function next(key: string, rows: HTMLElement[][], row: number, column: number): HTMLElement | undefined {
  const cells = rows[row];
  switch (key) {
    case "ArrowLeft":
      return cells?.[column - 1];
    case "ArrowRight":
      return cells?.[column + 1];
    case "ArrowUp":
      return rows[row - 1]?.[column];
    case "ArrowDown":
      return rows[row + 1]?.[column];
    case "Home":
      return cells?.[0];
    case "End":
      return cells?.at(-1);
    default:
      return undefined;
  }
}

function walk(event: KeyboardEvent): void {
  const cell = (event.target as Element).closest?.<HTMLElement>(CELL);
  const grid = cell?.closest("[data-week-grid]");
  if (!cell || !grid || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = rowsOf(grid);
  const row = rows.findIndex((cells) => cells.includes(cell));
  const target = next(event.key, rows, row, rows[row]?.indexOf(cell) ?? -1);
  if (!target) return;
  event.preventDefault();
  target.focus();
  settle();
}

export function start(): void {
  document.addEventListener("keydown", walk);
  document.addEventListener("focusin", (event) => {
    if ((event.target as Element).closest?.(CELL)) settle();
  });
  document.body.addEventListener("htmx:afterSettle", settle);
  settle();
}
