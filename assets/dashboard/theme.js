// Light or dark: as the system says, until someone chooses.

const NAME = "reelay-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();

const tell = () => {
  for (const listener of listeners) listener();
};
dark.addEventListener("change", tell);

/** Whether the page is dark now. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

/** Changes to the other theme and remembers it. */
export function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(NAME, theme);
  tell();
}

/** Calls `listener` whenever the theme changes; returns what ends that. */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
