/** The four places where the self view rests. */
export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';

interface Point {
  x: number;
  y: number;
}

interface Box extends Point {
  width: number;
  height: number;
}

/** The corner of `box` nearest to a point. */
export function nearest(point: Point, box: Box): Corner {
  const vertical = point.y < box.y + box.height / 2 ? 'top' : 'bottom';
  const horizontal = point.x < box.x + box.width / 2 ? 'left' : 'right';
  return `${vertical}-${horizontal}`;
}

/** Where an arrow key sends it; `null` for every other key. */
export function moved(corner: Corner, key: string): Corner | null {
  const [vertical, horizontal] = corner.split('-') as ['top' | 'bottom', 'left' | 'right'];
  switch (key) {
    case 'ArrowUp':
      return `top-${horizontal}`;
    case 'ArrowDown':
      return `bottom-${horizontal}`;
    case 'ArrowLeft':
      return `${vertical}-left`;
    case 'ArrowRight':
      return `${vertical}-right`;
    default:
      return null;
  }
}
