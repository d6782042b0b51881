/**
 * The page's only script: theme toggle and filter by strategy. The page is whole without it. The state lives in the
 * URL fragment (`#strategies=a,b&theme=dark`), so a link restores the view; names are only ever compared, never
 * written into the page.
 */
export const SCRIPT = `
(() => {
  const names = JSON.parse(document.getElementById("strategy-names").textContent);
  const boxes = Array.from(document.querySelectorAll("input[data-filter]"));
  const button = document.getElementById("theme");
  const root = document.documentElement;
  const read = () => {
    try { return new URLSearchParams(location.hash.slice(1)); } catch { return new URLSearchParams(); }
  };
  const write = (change) => {
    const state = read();
    for (const key of [...state.keys()]) if (key !== "strategies" && key !== "theme") state.delete(key);
    change(state);
    history.replaceState(null, "", "#" + state);
    apply();
  };
  const apply = () => {
    const state = read();
    const theme = state.get("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme; else delete root.dataset.theme;
    const wanted = state.has("strategies") ? new Set(state.getAll("strategies")) : new Set(names);
    names.forEach((name, index) => {
      const away = !wanted.has(name);
      if (boxes[index]) boxes[index].checked = !away;
      for (const element of document.querySelectorAll('[data-strategy="' + index + '"],[class*=" strategy_' + index + '_"]'))
        element.classList.toggle("away", away);
    });
  };
  for (const box of boxes) box.addEventListener("change", () => write((state) => {
    state.delete("strategies");
    if (boxes.some((one) => !one.checked)) {
      const chosen = boxes.flatMap((one, index) => (one.checked ? [names[index]] : []));
      for (const name of chosen.length ? chosen : [""]) state.append("strategies", name);
    }
  }));
  document.getElementById("all").addEventListener("click", () => write((state) => state.delete("strategies")));
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    write((state) => state.set("theme", dark ? "light" : "dark"));
  });
  addEventListener("hashchange", apply);
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
  apply();
})();
`;
