// Before anything is painted: the theme that was chosen last, so that no page flashes in the other one.
const chosen = localStorage.getItem("reelay-theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
