/** Whether this browser may show notifications of this page. It is asked for by a press only. */

import { signal } from "@preact/signals";

export type NotificationAnswer = NotificationPermission | "unsupported";

export const notificationPermission = signal<NotificationAnswer>(read());

/** Ask the person, where they have not answered yet. Call it in the handler of a press. */
export async function askForNotifications(): Promise<NotificationAnswer> {
  // They may have answered in the browser's own settings since.
  notificationPermission.value = read();
  if (notificationPermission.value === "default") notificationPermission.value = await Notification.requestPermission();
  return notificationPermission.value;
}

function read(): NotificationAnswer {
  return "Notification" in globalThis ? Notification.permission : "unsupported";
}
