// The page's side of the web server. textual.js makes a terminal of every .textual-terminal there is when its onload is
// called, and opens a websocket for it; that socket says first who is here.
"use strict";

const REFUSED = 4001;
const OVER = 1000;
const page = document.body.classList;
const find = (selector) => document.querySelector(selector);

class LoginSocket extends WebSocket {
  constructor(address) {
    super(address);
    this.addEventListener("open", () => {
      this.send(JSON.stringify(["login", find("#name").value, find("#password").value]));
    });
    this.addEventListener("message", (event) => {
      // The terminal's bytes are binary; a file that was exported comes as text, and is not for the terminal.
      if (typeof event.data === "string" && event.data.startsWith('["file"')) {
        event.stopImmediatePropagation();
        const [, name, text] = JSON.parse(event.data);
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
        link.download = name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60000);
        return;
      }
      if (!page.contains("inside")) {
        page.add("inside");
        find(".xterm-helper-textarea").focus();
      }
    });
    this.addEventListener("close", (event) => {
      const refused = event.code === REFUSED;
      if (refused) find("#note").textContent = event.reason;
      else if (page.contains("inside")) find("#note").textContent = "The line has closed. What you did is saved.";
      else find("#note").textContent = "The workshop does not answer, or too many come at once. Please try again.";
      if (event.code === OVER) find("#password").value = "";
      page.toggle("over", page.contains("inside"));
      page.remove("inside");
      find("button").disabled = false;
      find(find("#password").value && !refused ? "button" : "#password").focus();
    });
  }
}

window.WebSocket = LoginSocket;

find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("button").disabled = true;
  find("#note").textContent = "";
  find(".textual-terminal")?.remove();
  await document.fonts.load("16px 'Roboto Mono'"); // the terminal measures its letters once
  const terminal = document.createElement("div");
  terminal.className = "textual-terminal";
  terminal.dataset.fontSize = "16";
  terminal.dataset.sessionWebsocketUrl = new URL("ws", location.href).href.replace(/^http/, "ws");
  document.body.append(terminal);
  window.onload();
});
