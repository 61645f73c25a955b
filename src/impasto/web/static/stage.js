// Compares: what is left of the cut is the photo, what is right of it the painting.
const cut = (percent) => element.style.setProperty("--cut", `${percent}%`);
let percent = 50;
cut(percent);

element.addEventListener("input", (event) => {
  if (!event.target.matches(".cut")) return;
  percent = event.target.value;
  cut(percent);
});

// The page is drawn anew with every picture; the cut stays where it was.
watch("value", () => {
  const slider = element.querySelector(".cut");
  if (slider) slider.value = percent;
  show();
});

// On a phone the painting is far below the styles.
const narrow = matchMedia("(max-width: 700px)");
const show = () => {
  if (narrow.matches) element.scrollIntoView({ block: "center", behavior: "smooth" });
};
