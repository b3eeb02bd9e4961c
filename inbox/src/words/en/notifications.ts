/** The texts of notifications. They are those of the service worker, which has no others. */
export const notifications = {
  newMessage: "New message",
  message: (sender: string, text: string) => `${sender}: ${text}`,
  file: "File",
};
