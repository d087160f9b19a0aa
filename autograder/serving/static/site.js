"use strict";
const at = (id) => document.getElementById(id);
const time = (seconds) => (seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`);

// The batch, as it runs
if (at("live")) {
  let ran = null;
  const show = (batch) => {
    const runs = batch.state !== "ended";
    if (!batch.assignment || (ran === null && !batch.recent)) return;
    at("live").hidden = false;
    const whose = batch.student ? `${batch.assignment}, ${batch.student}` : batch.assignment;
    const many = batch.total ? `${batch.finished} of ${batch.total}` : runs ? "starting" : "";
    at("live-title").textContent = `${runs ? (batch.state === "stopping" ? "Stopping" : "Grading") : "Graded"} ${whose}${many ? `: ${many}` : ""}`;
    at("live-time").textContent = `${time(batch.seconds)}${batch.seconds_left === null ? "" : `, about ${time(batch.seconds_left)} left`}`;
    at("live-bar").max = batch.total || 1;
    if (runs && !batch.total) at("live-bar").removeAttribute("value");
    else at("live-bar").value = runs || batch.total ? batch.finished : 1;
    at("live-working").textContent = runs ? batch.working.join(", ") : batch.ending;
    at("live-where").hidden = !runs || !batch.in_terminal;
    at("live-stop-button").hidden = !runs || batch.in_terminal;
    at("live-stop-button").textContent = batch.state === "stopping" ? "Stop at once" : "Stop";
    at("live-link").hidden = runs;
    at("live-link").href = `/assignments/${encodeURIComponent(batch.assignment)}${batch.student ? `/students/${encodeURIComponent(batch.student)}` : ""}`;
    at("live-troubles").replaceChildren(...batch.troubles.map(([who, what]) => {
      const item = document.createElement("li");
      const name = document.createElement("strong");
      name.textContent = who;
      item.append(name, what);
      return item;
    }));
    if (ran === true && !runs) at("live-said").textContent = `${batch.assignment}: ${batch.ending}`;
    ran = runs;
  };
  let source = null;
  const listen = () => {
    source?.close(); // a browser has six connections to a server: tabs that nobody sees take none
    source = null;
    if (document.hidden) return;
    source = new EventSource("/events");
    source.addEventListener("message", (event) => show(JSON.parse(event.data)));
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}

// Tables: what is typed filters
for (const field of document.querySelectorAll("input[data-filters]")) {
  const rows = [...at(field.dataset.filters).tBodies[0].rows];
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    at("filter-said").textContent = words.length ? `${shown} of ${rows.length}` : "";
  });
}

// A notebook that is dropped
for (const form of document.querySelectorAll("form[data-drop]")) {
  const input = form.querySelector("input[type=file]");
  const over = (event, is) => { event.preventDefault(); form.classList.toggle("over", is); };
  form.addEventListener("dragover", (event) => over(event, true));
  form.addEventListener("dragleave", (event) => over(event, false));
  form.addEventListener("drop", (event) => { over(event, false); input.files = event.dataTransfer.files; form.requestSubmit(); });
  form.addEventListener("submit", () => { form.querySelector("[data-busy]").hidden = false; form.querySelector("button").disabled = true; });
}
