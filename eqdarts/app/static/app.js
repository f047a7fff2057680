"use strict";
// Without this script the forms still work: it drops files, keeps the picture of a search moving, and copies.

const soon = 700, heartbeat = 20000; // milliseconds

function say(text) {
  const place = document.querySelector("[data-said]");
  if (place && place.textContent !== text) place.textContent = text;
}

function dropping(form) {
  const input = form.querySelector("input[type=file]");
  const send = () => {
    const file = input.files[0];
    if (!file) return;
    const message = form.querySelector("[data-message]");
    if (file.size > Number(form.dataset.largest)) {
      message.textContent = form.dataset.tooLarge;
      message.hidden = false;
      input.value = "";
      return;
    }
    form.classList.add("busy");
    form.querySelector("[data-state]").textContent = `Reading ${file.name} …`;
    form.submit();
  };
  input.addEventListener("change", send);
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("over"); });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; send(); }
  });
  // A page that the browser kept is as it was before the file was sent.
  window.addEventListener("pageshow", () => { form.classList.remove("busy"); form.reset(); });
}

async function watching(place) {
  for (;;) {
    await new Promise((done) => setTimeout(done, soon));
    let now;
    try {
      now = await (await fetch("live", { cache: "no-store" })).json();
    } catch {
      say("No answer: was eqdarts ended in its terminal?");
      await new Promise((done) => setTimeout(done, 3 * soon));
      continue;
    }
    if (now.stage !== "searching") { location.reload(); return; }
    place.innerHTML = now.html; // made by the same templates as this page, names escaped
    say(now.said);
  }
}

function choosing(form) {
  const update = () => {
    const target = form.querySelector("input[name=target]:checked");
    const errors = form.querySelector("select[name=errors]");
    for (const box of form.querySelectorAll("input[name=features]")) {
      const taken = (target && target.value === box.value) || errors.value === box.value;
      box.disabled = taken;
      box.closest("tr").classList.toggle("target", Boolean(target && target.value === box.value));
    }
    const known = errors.value !== "";
    form.querySelector("select[name=noise]").disabled = known;
  };
  form.addEventListener("change", update);
  update();
}

for (const form of document.querySelectorAll("form[data-drop]")) dropping(form);
for (const form of document.querySelectorAll("form[data-choose]")) choosing(form);
const live = document.querySelector("[data-live]");
if (live) watching(live);

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => { document.querySelector(form.id ? `button[form=${form.id}]` : "form[data-once] button").disabled = true; });
}

if (document.body.dataset.session !== undefined && !live) {
  // So that a table is not closed while its page is open.
  setInterval(() => { fetch("live", { cache: "no-store" }).catch(() => {}); }, heartbeat);
}
