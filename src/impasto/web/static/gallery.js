// Filters the styles by the words in the search field, and tells which one is chosen.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const cards = () => [...element.querySelectorAll(".card")];

element.addEventListener("input", (event) => {
  if (!event.target.matches(".search")) return;
  const words = plain(event.target.value).split(/\s+/);
  let shown = 0;
  for (const card of cards()) {
    const fits = words.every((word) => plain(card.dataset.words).includes(word));
    card.hidden = !fits;
    shown += fits;
  }
  element.querySelector(".none").hidden = shown > 0;
});

element.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (!card) return;
  for (const other of cards()) other.setAttribute("aria-pressed", String(other === card));
  trigger("select", { name: card.dataset.name });
});
