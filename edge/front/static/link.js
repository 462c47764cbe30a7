// The line to the controller: one WebSocket that comes back by itself. It knows nothing about what the frames mean.

const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 5;

/**
 * Keep a WebSocket open, waiting 1 s, 2 s, 4 s, then 5 s between attempts.
 *
 * @param {string} url
 * @param {{onUp: () => void, onFrame: (frame: object) => void, onDown: (secondsLeft: number) => void}} listener
 *   `onDown` is called once a second with the seconds left until the next attempt; 0 while an attempt is under way.
 */
export function keepOpen(url, listener) {
  let socket = null;
  let wait = FIRST_WAIT_S;
  let timer = 0;

  function open() {
    clearTimeout(timer);
    socket = new WebSocket(url);
    socket.onopen = () => {
      wait = FIRST_WAIT_S;
      listener.onUp();
    };
    socket.onmessage = (event) => listener.onFrame(JSON.parse(event.data));
    socket.onclose = () => {
      countDown(wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_S);
    };
  }

  function countDown(seconds) {
    listener.onDown(seconds);
    if (seconds === 0) open();
    else timer = setTimeout(countDown, 1000, seconds - 1);
  }

  open();
  return {
    /** Send one frame; gives false when the line is down, and the frame is then gone (a press is not kept for later). */
    send(frame) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    /** Try now instead of waiting. */
    retry() {
      if (socket.readyState === WebSocket.CLOSED) {
        clearTimeout(timer);
        listener.onDown(0);
        open();
      }
    },
  };
}
