namespace TorrentPS.Fuzz.Fuzzing;

/// <summary>A fault caused by an input.</summary>
/// <param name="Kind">The exception's name, or <c>Slow</c>, <c>Hang</c> or <c>Memory</c>.</param>
/// <param name="Place">The place in the engine; together with the kind it distinguishes faults.</param>
/// <param name="Details">The details.</param>
internal sealed record Fault(string Kind, string Place, string Details)
{
    public string Description => Place.Length == 0 ? Kind : $"{Kind} in {Place}";

    public static Fault Of(Exception exception)
    {
        string place = exception.StackTrace?.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith("at TorrentPS.", StringComparison.Ordinal) && !line.Contains(".Fuzz.", StringComparison.Ordinal)) ?? "";
        int end = place.IndexOf('(', StringComparison.Ordinal);
        return new Fault(exception.GetType().Name.Replace("Exception", "", StringComparison.Ordinal), place.Length == 0 ? exception.Message : place[3..(end < 0 ? place.Length : end)], exception.ToString());
    }
}
