// A phone while it is typed: +7 921 333-44-55. Numbers of other countries stay as somebody has typed them.

const WHOLE = 11;

function written(digits) {
  const groups = [[1, 4, ' '], [4, 7, ' '], [7, 9, '-'], [9, 11, '-']];
  return `+7${groups.map(([from, to, sign]) => (digits.length > from ? sign + digits.slice(from, to) : '')).join('')}`;
}

// Which digits a Russian number would have: 8 921… and 921… are +7 921…; null for a number of another country.
function russian(digits, hasPlus) {
  if (hasPlus) return digits.startsWith('7') && digits.length <= WHOLE ? digits : null;
  if (/^[78]/.test(digits) && digits.length <= WHOLE) return `7${digits.slice(1)}`;
  const isLocal = digits.startsWith('9') ? digits.length < WHOLE : digits.length === WHOLE - 1;
  return isLocal ? `7${digits}` : null;
}

// Where the caret stands after so many digits.
function placeAfter(value, count) {
  let left = count;
  for (let place = 0; place < value.length; place += 1) {
    if (left === 0) return place;
    if (/\d/.test(value[place])) left -= 1;
  }
  return value.length;
}

export function masked(value) {
  const digits = russian(value.replace(/\D/g, ''), value.trim().startsWith('+'));
  return digits === null ? value : written(digits);
}

// Whoever deletes a sign of the mask means the digit before it.
function withoutDigit(value, caret) {
  const digits = value.replace(/\D/g, '');
  return caret > 1 ? `+${digits.slice(0, caret - 1)}${digits.slice(caret)}` : value;
}

export function maskPhone(input) {
  let begun = ''; // with what the number began, where the mask itself has put +7 there
  let before = '';

  function put(value, place = value.length) {
    input.value = value;
    before = value;
    input.setSelectionRange(place, place);
  }

  input.addEventListener('input', (event) => {
    const { value } = input;
    const digits = value.replace(/\D/g, '');
    let caret = value.slice(0, input.selectionStart).replace(/\D/g, '').length;
    if (!digits) { begun = ''; before = value; return; }
    if (begun && value.startsWith('+7') && digits.length > WHOLE) {
      put(begun === '9' ? digits.slice(1) : begun + digits.slice(1)); // more than a Russian number has
      begun = '';
      return;
    }
    let after = masked(value);
    if (event.inputType === 'deleteContentBackward' && after === before && after !== value) {
      after = masked(withoutDigit(value, caret));
      caret -= 1;
    }
    if (after === value) { before = value; return; }
    if (!value.trim().startsWith('+')) begun = /^[78]/.test(digits) ? digits[0] : '9';
    const isTyped = !String(event.inputType).startsWith('delete');
    const added = isTyped ? after.replace(/\D/g, '').length - digits.length : 0;
    put(after, isTyped && caret === digits.length ? after.length : placeAfter(after, caret + added));
  });
}
