// Light or dark: the system's theme until the user chooses.

const NAME = "reelay-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();

const tell = () => {
  for (const listener of listeners) listener();
};
dark.addEventListener("change", tell);

/** Whether the current theme is dark. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

/** Switches to the other theme and stores the choice. */
export function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(NAME, theme);
  tell();
}

/** Calls `listener` when the theme changes; returns a function that removes it. */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
