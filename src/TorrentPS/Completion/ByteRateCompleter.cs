namespace TorrentPS.Completion;

/// <summary>Completes common rates; any other is also accepted.</summary>
public sealed class ByteRateCompleter : ChoiceCompleter
{
    private static readonly string[] s_rates = ["100KB", "500KB", "1MB", "5MB", "10MB", "50MB", "100MB"];

    internal override IEnumerable<(string Value, string ToolTip)> Choices =>
        [.. s_rates.Select(rate => (rate, $"At most {rate} a second, of 1024; any other number does, too.")), ("0", "No limit.")];
}
