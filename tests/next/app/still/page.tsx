/** A page that is made once, when the app is built. */
export default function Page() {
  return <p>Still</p>;
}
