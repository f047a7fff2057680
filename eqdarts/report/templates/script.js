"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");

  // A formula that is wider than its place is made smaller; what is still beyond its end fades out there.
  const least = 0.7;
  function fit(place) {
    place.style.fontSize = "";
    const shown = place.clientWidth, wide = place.scrollWidth;
    if (wide > shown && shown > 0) {
      const size = parseFloat(getComputedStyle(place).fontSize);
      place.style.fontSize = `${size * Math.max(least, (0.99 * shown) / wide)}px`;
    }
    place.classList.toggle("more", place.scrollWidth > place.clientWidth + 1);
  }
  const formulas = [...document.querySelectorAll(".formula, td.equation div, h2.of")];
  // What is moved to be seen is reached by the keyboard, and what is seen as a whole is no stop on its way.
  const places = [...document.querySelectorAll(".formula, .picture, .scroll, .code pre")];
  function reach(place) {
    const beyond = place.scrollWidth > place.clientWidth + 1 || place.scrollHeight > place.clientHeight + 1;
    if (beyond) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
  function fitAll() {
    formulas.forEach(fit);
    places.forEach(reach);
  }
  addEventListener("resize", fitAll);
  for (const place of formulas) {
    place.addEventListener("scroll", () => {
      const end = place.scrollLeft + place.clientWidth >= place.scrollWidth - 1;
      place.classList.toggle("more", !end && place.scrollWidth > place.clientWidth + 1);
    });
  }

  const choices = [...document.querySelectorAll('input[name="law"]')];
  const parts = [...document.querySelectorAll("[data-law]")];
  const marks = [...document.querySelectorAll(".point, .choices tr[data-selects]")];
  const said = document.getElementById("said");

  function select(law, aloud) {
    for (const part of parts) part.hidden = part.dataset.law !== law;
    for (const mark of marks) mark.classList.toggle("selected", mark.dataset.selects === law);
    const choice = choices.find((c) => c.value === law);
    choice.checked = true;
    // Drawn last, a point is above those that it touches.
    const point = marks.find((m) => m.classList.contains("point") && m.dataset.selects === law);
    point.parentNode.append(point);
    fitAll();
    if (aloud) said.textContent = `Shown: ${choice.getAttribute("aria-label")}`;
  }

  for (const choice of choices) choice.addEventListener("change", () => select(choice.value, true));
  for (const mark of document.querySelectorAll("[data-selects]")) {
    mark.addEventListener("click", () => {
      select(mark.dataset.selects, true);
      if (mark.closest("#front")) choices.find((c) => c.checked).focus({ preventScroll: true });
      else document.getElementById("law").focus();
    });
  }
  const chosen = choices.find((c) => c.checked);
  if (chosen) select(chosen.value, false);
  else fitAll();

  const switches = [...document.querySelectorAll("button.errors")];
  for (const button of switches) {
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      for (const other of switches) {
        other.setAttribute("aria-pressed", shown);
        const hero = other.closest(".hero");
        hero.querySelector(".formula.plain").hidden = shown;
        hero.querySelector(".formula.measured").hidden = !shown;
      }
      fitAll();
    });
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      field.className = "unseen";
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  }
  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", async () => {
      const done = await copy(document.getElementById(button.dataset.copies).textContent);
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      if (done) {
        button.focus();
      } else {
        getSelection().selectAllChildren(document.getElementById(button.dataset.copies));
      }
      said.textContent = button.textContent;
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  const theme = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  function show() {
    theme.textContent = dark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", `Show it ${dark() ? "light" : "dark"}`);
  }
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; show(); });
  system.addEventListener("change", show);
  show();
})();
