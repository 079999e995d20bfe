// The page's side of the door. textual.js makes a terminal of every .textual-terminal there is when its onload is
// called, and opens a websocket for it; that socket says first who is here.
"use strict";

const REFUSED = 4001;
const page = document.body.classList;
const find = (selector) => document.querySelector(selector);

class Door extends WebSocket {
  constructor(address) {
    super(address);
    this.addEventListener("open", () => {
      this.send(JSON.stringify(["login", find("#name").value, find("#password").value]));
    });
    this.addEventListener("message", () => {
      if (!page.contains("inside")) {
        page.add("inside");
        find(".xterm-helper-textarea").focus();
      }
    });
    this.addEventListener("close", (event) => {
      page.remove("inside");
      page.toggle("over", event.code !== REFUSED);
      find("#note").textContent =
        event.code === REFUSED ? event.reason : "The line has closed. What you did is saved under your name.";
      find("button").disabled = false;
      find(event.code === REFUSED ? "#password" : "button").focus();
    });
  }
}

window.WebSocket = Door;

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
