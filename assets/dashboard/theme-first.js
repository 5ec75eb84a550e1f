// Sets the chosen theme before the first paint, so that the page does not flash in the other one.
const chosen = localStorage.getItem("reelay-theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
