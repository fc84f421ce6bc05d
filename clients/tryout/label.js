// The label of generated text goes along when text is copied: by the button, and by hand.
let notice = '内容由AI生成，仅供参考';

export function setNotice(text) {
  notice = text;
}

/** A text as it may leave the page. */
export const labelled = (text) => `${text}\n\n${notice}`;

/** Labels what is copied by hand, where any of it is an answer. */
export function labelCopies(messages) {
  document.addEventListener('copy', (event) => {
    const selection = getSelection();
    const text = selection?.toString() ?? '';
    if (text === '' || ![...messages.querySelectorAll('.assistant .bubble')].some((bubble) => selection.containsNode(bubble, true))) return;
    event.clipboardData.setData('text/plain', labelled(text));
    event.preventDefault();
  });
}
