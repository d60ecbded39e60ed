using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Management.Automation;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Display;

namespace TorrentPS.Formatting;

/// <summary>
/// The texts of the module's views: code properties of its type data, which need no script. So they also work in constrained language mode, and for deserialized objects,
/// whose properties have the same names. Not meant for scripts.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class DisplayText
{
    private const int FilesShown = 5;

    /// <summary>The size: <c>4.12 GiB</c>.</summary>
    /// <param name="instance">An object with a Length.</param>
    public static string? Size(PSObject? instance) => SizeOf(instance, "Length");

    /// <summary>The size and the number of bytes.</summary>
    /// <param name="instance">An object with a Length.</param>
    public static string? ExactSize(PSObject? instance) => Get<long?>(instance, "Length") is { } length
        ? string.Create(CultureInfo.CurrentCulture, $"{Units.Size(length)} ({length:N0} bytes)")
        : null;

    /// <summary>The number of pieces and their length.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? Pieces(PSObject? instance) => Get<int?>(instance, "PieceCount") is { } count
        ? string.Create(CultureInfo.CurrentCulture, $"{count:N0} of {SizeOf(instance, "PieceLength")}")
        : null;

    /// <summary>The piece length.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? PieceSize(PSObject? instance) => SizeOf(instance, "PieceLength");

    /// <summary>The single file, or the number of files and the first of them.</summary>
    /// <param name="instance">A torrent.</param>
    public static string? Files(PSObject? instance)
    {
        if (Get<int?>(instance, "FileCount") is not { } count)
            return null;
        string first = SafeText.Escape(string.Join(", ", Many(Value(instance, "Files")).Take(count == 1 ? 1 : FilesShown).Select(file => Get<string>(file as PSObject ?? PSObject.AsPSObject(file), "Path") ?? file.ToString())));
        return count == 1 ? first : string.Create(CultureInfo.CurrentCulture, $"{count:N0}: {first}{(count > FilesShown ? ", ..." : "")}");
    }

    /// <summary>The trackers, with commas in a tier and semicolons between tiers.</summary>
    /// <param name="instance">A torrent.</param>
    public static string Trackers(PSObject? instance) =>
        SafeText.Escape(string.Join("; ", Many(Value(instance, "Trackers")).Select(tier => string.Join(", ", Many(tier).Select(PropertyText.Address)))));

    /// <summary>The host and port of the tracker that returned a peer.</summary>
    /// <param name="instance">A peer.</param>
    public static string? TrackerHost(PSObject? instance) =>
        System.Uri.TryCreate(Get<string>(instance, "Tracker"), UriKind.Absolute, out Uri? tracker) ? SafeText.Escape(tracker.Authority) : null;

    /// <summary>The latency: <c>24 ms</c>.</summary>
    /// <param name="instance">An object with a Latency.</param>
    public static string Latency(PSObject? instance) => Units.Latency(Get<TimeSpan?>(instance, "Latency"));

    /// <summary>The latency in seconds, for JSON and CSV; null if there is none.</summary>
    /// <param name="instance">An object with a Latency.</param>
    public static double? LatencySeconds(PSObject? instance) => Get<TimeSpan?>(instance, "Latency")?.TotalSeconds;

    /// <summary>The client of a peer that answered, or the error of one that did not.</summary>
    /// <param name="instance">A handshake.</param>
    public static string? ClientOrError(PSObject? instance) => PropertyText.Text(instance, Get<bool>(instance, "Succeeded") ? "Client" : "Error");

    /// <summary>Why a tracker has no counts, without its name, which is in another column.</summary>
    /// <param name="instance">A tracker.</param>
    public static string? Reason(PSObject? instance)
    {
        const string Mark = " cannot be used: ";
        string? error = PropertyText.Text(instance, "Error");
        int mark = error?.IndexOf(Mark, StringComparison.Ordinal) ?? -1;
        return mark < 0 ? error : error![(mark + Mark.Length)..].TrimEnd('.');
    }

    /// <summary>The features that a peer declares.</summary>
    /// <param name="instance">A handshake.</param>
    public static string Supports(PSObject? instance)
    {
        string[] names = ["Extensions", "Dht", "Fast", "V2"];
        return string.Join(", ", names.Where(name => Get<bool>(instance, $"Supports{name}")));
    }

    /// <summary>The progress: <c>45.2 %</c>.</summary>
    /// <param name="instance">An object with a PercentComplete.</param>
    public static string Percent(PSObject? instance) => Units.Percent(Get<double>(instance, "PercentComplete"));

    /// <summary>The size of what a machine lacks.</summary>
    /// <param name="instance">A machine of a swarm.</param>
    public static string? Left(PSObject? instance) => SizeOf(instance, "BytesLeft");

    /// <summary>The progress of the selected data, in percent and bytes.</summary>
    /// <param name="instance">A download.</param>
    public static string Done(PSObject? instance) => $"{Percent(instance)}: {SizeOf(instance, "BytesCompleted")} of {SizeOf(instance, "BytesWanted")}";

    /// <summary>The size of the selected data.</summary>
    /// <param name="instance">A download.</param>
    public static string? Wanted(PSObject? instance) => SizeOf(instance, "BytesWanted");

    /// <summary>Bytes received per second.</summary>
    /// <param name="instance">A download.</param>
    public static string DownRate(PSObject? instance) => Units.Rate(Get<long>(instance, "DownloadRate"));

    /// <summary>Bytes sent per second.</summary>
    /// <param name="instance">A download.</param>
    public static string UpRate(PSObject? instance) => Units.Rate(Get<long>(instance, "UploadRate"));

    /// <summary>Bytes received.</summary>
    /// <param name="instance">A download.</param>
    public static string? Received(PSObject? instance) => SizeOf(instance, "Downloaded");

    /// <summary>Bytes sent.</summary>
    /// <param name="instance">A download.</param>
    public static string? Sent(PSObject? instance) => SizeOf(instance, "Uploaded");

    /// <summary>Wasted bytes.</summary>
    /// <param name="instance">A download.</param>
    public static string? Wasted(PSObject? instance) => SizeOf(instance, "Wasted");

    /// <summary>Bytes received, and the rate.</summary>
    /// <param name="instance">A download.</param>
    public static string DownTotals(PSObject? instance) => $"{Received(instance)}, {DownRate(instance)}";

    /// <summary>Bytes sent, the rate, and the ratio.</summary>
    /// <param name="instance">A download.</param>
    public static string UpTotals(PSObject? instance) => $"{Sent(instance)}, {UpRate(instance)}, ratio {Ratio(instance)}";

    /// <summary>Bytes sent per byte received.</summary>
    /// <param name="instance">A download.</param>
    public static string Ratio(PSObject? instance) => Get<double>(instance, "Ratio").ToString("0.00", CultureInfo.CurrentCulture);

    /// <summary>The numbers of peers connected and found.</summary>
    /// <param name="instance">A download.</param>
    public static string Peers(PSObject? instance) => $"{Get<int>(instance, "PeersConnected")} connected, {Get<int>(instance, "PeersSeen")} seen";

    /// <summary>The elapsed time, short.</summary>
    /// <param name="instance">A download.</param>
    public static string Elapsed(PSObject? instance) => Units.Duration(Get<TimeSpan?>(instance, "Elapsed"));

    /// <summary>The elapsed time in seconds, for JSON and CSV.</summary>
    /// <param name="instance">A download.</param>
    public static double? ElapsedSeconds(PSObject? instance) => Get<TimeSpan?>(instance, "Elapsed")?.TotalSeconds;

    /// <summary>Bytes of a file in pieces with a wrong hash; nothing if there are none.</summary>
    /// <param name="instance">A report.</param>
    public static string? Bad(PSObject? instance) => Get<long>(instance, "BytesBad") > 0 ? SizeOf(instance, "BytesBad") : null;

    /// <summary>Bytes of a file that are not on disk; nothing if there are none.</summary>
    /// <param name="instance">A report.</param>
    public static string? Missing(PSObject? instance) => Get<long>(instance, "BytesMissing") > 0 ? SizeOf(instance, "BytesMissing") : null;

    /// <summary>A byte string, formatted for people.</summary>
    /// <param name="instance">A byte string.</param>
    public static string? Bytes(PSObject? instance) => instance?.BaseObject is ByteString bytes ? ByteStringText.Show(bytes) : instance is null ? null : SafeText.Escape(instance.ToString());

    private static string? SizeOf(PSObject? instance, string property) => Get<long?>(instance, property) is { } bytes ? Units.Size(bytes) : null;

    private static object? Value(PSObject? instance, string property) => instance?.Properties[property]?.Value;

    // An unexpected value is shown as nothing: a view never fails.
    private static T? Get<T>(PSObject? instance, string property) =>
        Value(instance, property) is { } value && LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out T converted) ? converted : default;

    private static IEnumerable<object> Many(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        null => [],
        string text => [text],
        IEnumerable many => many.Cast<object>(),
        { } one => [one],
    };
}
