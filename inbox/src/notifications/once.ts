/** What one tab of a browser does for all. */

/** All tabs hear of an event within this time, in milliseconds. */
const HEARD = 2_000;

/** Act in the first tab that comes with this name; the others leave it to that one. */
export async function once(name: string, act: () => void): Promise<void> {
  await navigator.locks.request(`partyline-inbox.once.${name}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    act();
    await new Promise((resolve) => setTimeout(resolve, HEARD));
  });
}
