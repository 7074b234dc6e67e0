// Counts down to the invoice's expiry, then shows the page anew.
const clock = document.querySelector("[data-left]");
if (clock) {
  const end = performance.now() + Number(clock.dataset.left);
  const until = clock.textContent;
  const two = (number) => String(number).padStart(2, "0");
  const tick = () => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    const hours = Math.floor(left / 3600);
    clock.textContent = `${two(hours)}.${two(Math.floor(left / 60) % 60)}.${two(left % 60)} (${until})`;
    if (left === 0) {
      clearInterval(timer);
      setTimeout(() => location.reload(), 1000);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
}
