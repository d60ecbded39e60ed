using System.Text;
using FsCheck;
using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class PathOrderTests
{
    [Property(MaxTest = 500)]
    public void Is_ordered_by_bytes(NonNull<string> common, NonNull<string> first, NonNull<string> second)
    {
        string a = Whole(common.Get + first.Get), b = Whole(common.Get + second.Get);
        Assert.Equal(Math.Sign(Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b))), Math.Sign(PathOrder.Instance.Compare(a, b)));
    }

    [Theory]
    [InlineData("a", "b", -1, -1)]
    [InlineData("b", "a", 1, 1)]
    [InlineData("a", "a", 0, 0)]
    [InlineData("a", "ab", -1, -1)]
    [InlineData("ab", "a", 1, 1)]
    [InlineData("a/z", "a.b", 1, -1)]
    [InlineData("a.b", "a/z", -1, 1)]
    [InlineData("\uE000", "\U00010000", -1, -1)]
    [InlineData("\U00010000", "\uFFFD", 1, 1)]
    [InlineData("a/\U00010000", "a/\uE000", 1, 1)]
    public void By_folder_a_component_sorts_before_its_extensions(string first, string second, int byBytes, int byFolder)
    {
        Assert.Equal(byBytes, Math.Sign(PathOrder.Instance.Compare(first, second)));
        Assert.Equal(byFolder, Math.Sign(PathOrder.ByFolder.Compare(first, second)));
    }

    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
