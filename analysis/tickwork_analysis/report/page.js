"use strict";
// Puts a live figure into the place of each drawn one. Without this script the page is whole.
(() => {
  const specifications = JSON.parse(document.getElementById("specifications").textContent);
  const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true };
  const views = [];
  window.figures = {};

  async function enliven(frame) {
    const specification = specifications[frame.dataset.figure];
    const box = document.createElement("div");
    const width = frame.clientWidth;
    const { view } = await window.vegaEmbed(box, { ...specification, width }, options);
    frame.replaceChildren(box);
    frame.classList.add("live");
    views.push([frame, view]);
    window.figures[frame.dataset.figure] = view;
  }

  function fit() {
    for (const [frame, view] of views) {
      if (frame.clientWidth > 0) view.width(frame.clientWidth).resize().runAsync();
    }
  }

  async function begin() {
    for (const frame of document.querySelectorAll(".drawing")) await enliven(frame);
    let waiting = 0;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(fit, 120);
    });
    document.documentElement.dataset.figures = "live";
  }

  if (window.vegaEmbed) requestAnimationFrame(() => setTimeout(begin, 0));
})();
