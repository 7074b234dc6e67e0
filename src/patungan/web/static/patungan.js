// Countdowns, live progress, and the small comforts of forms. Without this script every page still works.
"use strict";

const language = document.documentElement.lang;
// Countdowns run by the server's clock: the clock of a telephone may be wrong.
const ahead = Date.parse(document.documentElement.dataset.now) - Date.now();
const number = new Intl.NumberFormat("id-ID");
const words = language === "en" ? { d: "d", h: "h", m: "m", s: "s" } : { d: "h", h: "j", m: "m", s: "d" };

function remaining(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const [d, h, m, s] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value) => String(value).padStart(2, "0");
  return d ? `${d}${words.d} ${two(h)}${words.h} ${two(m)}${words.m}` : `${two(h)}:${two(m)}:${two(s)}`;
}

function tick() {
  for (const clock of document.querySelectorAll("[data-countdown]")) {
    const left = Date.parse(clock.dateTime) - (Date.now() + ahead);
    clock.title ||= clock.textContent;
    clock.textContent = left > 0 ? remaining(left) : clock.dataset.over;
    clock.classList.toggle("soon", left < 3600000);
    // A session that starts offers more than it did: the server shows what.
    if ("starts" in clock.dataset && left < -1000) window.location.reload();
  }
}

function setText(name, value) {
  for (const place of document.querySelectorAll(`[data-live="${name}"]`)) {
    if (place.textContent !== value) place.textContent = value;
  }
}

// Said aloud at most every ten seconds: numbers that change five times a second are no help to anybody's ears.
let lastSpoken = 0;
function speak(box, progress) {
  const place = document.querySelector("[data-spoken]");
  if (!place || Date.now() - lastSpoken < 10000) return;
  const facts = { target: number.format(box.dataset.target), price: rupiah(progress.current_price), paid_quantity: number.format(progress.paid_quantity) };
  const sentence = place.dataset.spoken.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  if (place.textContent === sentence) return;
  lastSpoken = Date.now();
  place.textContent = sentence;
}

const rupiah = (amount) => `Rp ${number.format(amount)}`;

function showProgress(box, progress) {
  const target = Number(box.dataset.target);
  let left = 100;
  let start = 0;
  const rects = document.querySelectorAll('[data-live="bar"] rect');
  ["paid_quantity", "platform_quantity", "held_quantity"].forEach((name, place) => {
    const width = Math.min(left, (100 * progress[name]) / target);
    rects[place + 1].setAttribute("width", width);
    rects[place + 1].setAttribute("x", start);
    left -= width;
    start += width;
    setText(name, number.format(progress[name]));
  });
  rects[0].parentElement.classList.toggle("done", progress.paid_quantity >= target);
  setText("price", rupiah(progress.current_price));
  speak(box, progress);
  setText("participant_count", number.format(progress.participant_count));
  setText("percent", `${progress.progress_percent}%`);
  for (const step of document.querySelectorAll("[data-tier]")) {
    const tier = Number(step.dataset.tier);
    step.classList.toggle("reached", progress.paid_quantity >= Number(step.dataset.from));
    step.classList.toggle("current", tier === progress.current_tier);
  }
  for (const clock of document.querySelectorAll("[data-ends]")) clock.dateTime = progress.ends_at;
  // What a buyer may do depends on the status: the server decides, so the page is loaded again.
  if (progress.status !== box.dataset.status || String(progress.closing) !== box.dataset.closing) window.location.replace(box.dataset.page);
}

function watch(box) {
  const stream = new EventSource(box.dataset.events);
  stream.addEventListener("progress", (event) => {
    box.classList.add("live");
    showProgress(box, JSON.parse(event.data));
  });
  stream.addEventListener("error", () => box.classList.remove("live"));
}

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("[data-submit]")) field.form.requestSubmit();
  if (field.name === "courier_service") {
    for (const name of ["shipping", "total"]) {
      for (const place of document.querySelectorAll(`[data-sum="${name}"]`)) place.textContent = field.dataset[name];
    }
  }
});

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (!step) return;
  const field = document.getElementById(step.dataset.for);
  if (Number(step.dataset.step) > 0) field.stepUp();
  else field.stepDown();
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

// Enter in a look-up inside a form asks for nothing new, and must not send the form.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-no-submit]")) event.preventDefault();
});

// Parts that arrive later have countdowns too. The chosen place fills its fields; the street comes next.
document.addEventListener("htmx:afterSwap", (event) => {
  tick();
  if (event.detail.target.id === "place-fields") document.getElementById("f-line").focus();
});

// A second click sends nothing: the first one is under way. (The form's key makes a repetition harmless in any case.)
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-once]")) delete form.dataset.sent;
});

tick();
setInterval(tick, 1000);
document.querySelectorAll("[data-events]").forEach(watch);

// The list under a search is walked with the arrow keys, as people expect; Escape leads back to the words.
document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("[data-arrows]");
  if (!box || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
  const stops = [box.querySelector("input"), ...box.querySelectorAll("li button")];
  const at = stops.indexOf(document.activeElement);
  const next = event.key === "Escape" ? 0 : at + (event.key === "ArrowDown" ? 1 : -1);
  if (at < 0 || !stops[next]) return;
  event.preventDefault();
  stops[next].focus();
});
