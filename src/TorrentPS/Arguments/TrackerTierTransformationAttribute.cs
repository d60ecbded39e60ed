using System.Collections;
using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Arguments;

/// <summary>
/// Accepts trackers, each in its own tier (<c>'http://a/announce', 'udp://b:1'</c>), or several in one tier (<c>('http://a/announce', 'http://b/announce'),
/// 'udp://c:1'</c>).
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class TrackerTierTransformationAttribute : ArgumentTransformationAttribute
{
    private static readonly string[] s_browserSchemes = ["ws", "wss"];

    /// <summary>Whether to accept the WebSocket trackers of browsers, too, which a torrent may name although no transfer here uses them.</summary>
    public bool AllowBrowserTracker { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        Unwrapped(inputData) is IEnumerable tiers and not string
            ? tiers.Cast<object?>().Select(Tier).ToArray()
            : new[] { Tier(inputData) };

    private Uri[] Tier(object? tier) =>
        Unwrapped(tier) is IEnumerable trackers and not string ? [.. trackers.Cast<object?>().Select(Tracker)] : [Tracker(tier)];

    private Uri Tracker(object? tracker)
    {
        object? value = Unwrapped(tracker);
        string? text = value as string ?? (value as Uri)?.OriginalString;
        return UriHost.TryParse(text, out Uri? uri) && (TrackerAddress.IsSupported(uri) || (AllowBrowserTracker && s_browserSchemes.Contains(uri.Scheme)))
            ? uri
            : throw new ArgumentTransformationMetadataException(SafeText.Escape($"'{AddressText.Of(text ?? $"{value}")}' is not a tracker. Give its announce address, as in http://tracker.example/announce or udp://tracker.example:6969."));
    }

    private static object? Unwrapped(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
