using TorrentPS.Engine.Values;

namespace TorrentPS.Completion;

/// <summary>Completes the traffic classes that have a name.</summary>
public sealed class TrafficClassCompleter : ChoiceCompleter
{
    internal override IEnumerable<(string Value, string ToolTip)> Choices =>
        TrafficClass.Named.Select(named => (named.Key, $"{Meaning(named.Key)}, code point {named.Value.Value}."));

    private static string Meaning(string name) => name switch
    {
        "LE" => "Lower effort: gives way to everything else",
        "EF" => "Expedited forwarding: little delay",
        "VA" => "Voice with admission: little delay",
        "CS0" => "Best effort, the default",
        _ when name.StartsWith("AF", StringComparison.Ordinal) => $"Assured forwarding, class {name[2]}, drop precedence {name[3]}",
        _ => $"Class selector {name[2]}",
    };
}
