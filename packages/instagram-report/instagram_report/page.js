"use strict";
// Draws the charts of an account when it is first shown.
const specs = JSON.parse(document.getElementById("specs").textContent);
const sections = [...document.querySelectorAll("section.account")];
const choice = document.getElementById("account");

async function draw(section) {
  for (const place of section.querySelectorAll("[data-chart]:not([data-drawn])")) {
    place.dataset.drawn = "";
    await vegaEmbed(place, specs[place.dataset.chart], { actions: false, renderer: "svg" });
    // The place has a text that says what the chart shows; its marks one by one would say nothing.
    place.querySelector("svg").setAttribute("aria-hidden", "true");
  }
}

async function show(id) {
  for (const section of sections) {
    section.hidden = section.id !== `account-${id}`;
  }
  await draw(sections.find((section) => !section.hidden));
  document.body.dataset.shown = id;
}

if (choice) {
  choice.closest(".switch").hidden = false;
  choice.addEventListener("change", () => show(choice.value));
}
if (sections.length) {
  show(sections[0].id.replace("account-", ""));
}
